import { z } from 'zod'
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from '../http/access-token.ts'
import type { Viewer } from '../http/viewer.ts'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import { jobKind } from '../infra/outbox/job.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import type { Cursors } from '../lib/cursors.ts'
import { notFound, Problem } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { newId, timeOf } from '../lib/ids.ts'
import type { AccountLimits } from './account-limits.ts'
import type { RefreshTokens } from './refresh-token.ts'
import type { RevocationStore } from './revocation-store.ts'
import type { Revocations } from './revocations.ts'
import type { Session, SessionRecord, Tokens } from './session.ts'
import type { SessionKey, SessionStore } from './session-store.ts'

/** A session ends after this long without a refresh, and at the latest after LONGEST_SECONDS. */
const IDLE_SECONDS = 30 * 86_400
const LONGEST_SECONDS = 90 * 86_400
const BATCH = 25

/** Whose session, and which of the account's passwords counts. */
type Account = Pick<SessionRecord, 'user_id' | 'password_version'>

export interface SessionService {
  /** Null when a condition of `also` refuses the transaction that makes the session. */
  open(account: Account, userAgent: string | undefined, also: readonly Write[]): Promise<Tokens | null>
  /**
   * New tokens for an unspent refresh token. A spent one ends its session. 401 `invalid_refresh_token`, 429
   * @param concerns hears whose token it is, spent or not
   */
  refresh(token: string, concerns: (userId: string) => void): Promise<Tokens>
  end(viewer: Viewer): Promise<void>
  /** One of the viewer's own sessions. 404 */
  endOne(viewer: Viewer, sessionId: string): Promise<void>
  /** All of a user's sessions but `keep` that were opened with an earlier password; can be done again. */
  endOthers(account: Account, keep: string | null): Promise<void>
  /** The write that has that done even if this process does not live to see it. */
  endingOthers(account: Account, keep: string | null): Write
  list(
    viewer: Viewer,
    page: Paging,
  ): Promise<{ sessions: z.infer<typeof Session>[]; next_cursor: string | null }>
  /** Asked on every request: usually answered from memory. */
  isLive(viewer: Viewer): boolean | Promise<boolean>
}

const endOtherSessions = jobKind(
  'sessions.end_others',
  z.object({ user_id: z.string(), password_version: z.number(), keep: z.string().nullable() }),
)

interface Parts {
  dynamo: Dynamo
  store: SessionStore
  revocationStore: RevocationStore
  revocations: Revocations
  accessTokens: AccessTokens
  refreshTokens: RefreshTokens
  limits: AccountLimits
  cursors: Cursors
  outbox: Outbox
}

const invalidRefreshToken = () =>
  new Problem(
    401,
    'invalid_refresh_token',
    'Invalid refresh token',
    'This refresh token is not valid (any more).',
  )

const expiry = (sessionId: string, now: number) =>
  Math.floor(Math.min(now / 1000 + IDLE_SECONDS, timeOf(sessionId) / 1000 + LONGEST_SECONDS))

export const createSessionService = (parts: Parts): SessionService => {
  const { dynamo, store, revocationStore, revocations, accessTokens } = parts
  const { refreshTokens, limits, cursors, outbox } = parts

  const tokensFor = (viewer: Viewer, refresh_token: string): Tokens => ({
    token: accessTokens.sign(viewer),
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token,
  })

  /** The rows go and every instance is told, in one transaction. False when `must` and one was gone already. */
  const endAll = async (keys: readonly SessionKey[], must = false) => {
    const revoked_at = Date.now()
    const telling = keys.map(({ session_id }) => revocationStore.telling({ session_id, revoked_at }))
    const ended = await held(dynamo.transact([...store.ending(keys, must), ...telling]))
    if (ended) for (const { session_id } of keys) revocations.add(session_id)
    return ended
  }

  const endOthers: SessionService['endOthers'] = async ({ user_id, password_version }, keep) => {
    let after: string | undefined
    do {
      const { sessions, last } = await store.list(user_id, BATCH, after)
      const others = sessions.filter(
        session => session.session_id !== keep && session.password_version < password_version,
      )
      if (others.length > 0) await endAll(others)
      after = last ?? undefined
    } while (after !== undefined)
  }
  outbox.on(endOtherSessions, ({ keep, ...account }) => endOthers(account, keep))

  return {
    async open({ user_id, password_version }, userAgent, also) {
      const now = Date.now()
      const date = new Date(now).toISOString()
      const session_id: string = newId()
      const { token, refresh_hash } = refreshTokens.issue(user_id, session_id)
      const session: SessionRecord = {
        user_id,
        session_id,
        refresh_hash,
        password_version,
        created_date: date,
        last_used_date: date,
        user_agent: userAgent?.slice(0, 256) ?? null,
        expires_at: expiry(session_id, now),
      }
      const opened = await store.create(session, also)
      return opened ? tokensFor(session, token) : null
    },

    async refresh(token, concerns) {
      const opened = refreshTokens.open(token)
      if (!opened) throw invalidRefreshToken()
      const { user_id, session_id, refresh_hash } = opened
      concerns(user_id)
      await limits.refresh(user_id)
      const next = refreshTokens.issue(user_id, session_id)
      const now = Date.now()
      const rotated = await store.rotate(opened, refresh_hash, {
        refresh_hash: next.refresh_hash,
        last_used_date: new Date(now).toISOString(),
        expires_at: expiry(session_id, now),
      })
      if (rotated) return tokensFor({ user_id, session_id }, next.token)
      // It was ours and its session lives on with another: somebody has used it twice (RFC 9700, 4.14.2).
      if (await store.get(opened)) await endAll([opened])
      throw invalidRefreshToken()
    },

    end: async viewer => void (await endAll([viewer])),

    async endOne({ user_id }, session_id) {
      const session = await store.get({ user_id, session_id })
      if (!session || !(await endAll([session], true))) throw notFound('session')
    },

    endOthers,
    endingOthers: (account, keep) => outbox.entry(endOtherSessions, { ...account, keep }),

    async list(viewer, { limit, cursor }) {
      const list = `sessions/${viewer.user_id}`
      const { sessions, last } = await store.list(viewer.user_id, limit, cursors.read(list, cursor))
      return {
        sessions: sessions.map(({ session_id, created_date, last_used_date, user_agent }) => ({
          session_id,
          created_date,
          last_used_date,
          user_agent,
          current: session_id === viewer.session_id,
        })),
        next_cursor: cursors.write(list, last),
      }
    },

    isLive(viewer) {
      const known = revocations.check(viewer.session_id)
      return known === 'unknown' ? store.get(viewer).then(session => session !== null) : known === 'live'
    },
  }
}
