import { ACCESS_TOKEN_SECONDS } from '../http/access-token.ts'
import type { Logger } from '../infra/logger.ts'
import { createOutage } from '../infra/outage.ts'
import type { RevocationStore } from './revocation-store.ts'

/**
 * What this instance knows of ended sessions: a set in memory, kept up by reading the end of one small partition
 * a few times a second. Checking a request costs a look into the set and no call to DynamoDB; a session that ended
 * on another instance is out here after one round, well within a second. See docs/adr/0004.
 */
export interface Revocations {
  /** Reads everything that still matters, then follows. Rejects when the database does not answer. */
  start(): Promise<void>
  stop(): void
  /** 'unknown' when this instance has not been told anything for a second: ask the sessions table then. */
  check(sessionId: string): 'live' | 'revoked' | 'unknown'
  /** Ended right here: no need to wait for the next round. */
  add(sessionId: string): void
}

const POLL_MS = 250
/** How old the knowledge may be before it is no longer trusted. */
const FRESH_MS = 900
/** Rows are stamped by the writer's clock and seen when they commit: this much is read again each round. */
const OVERLAP_MS = 15_000
/** An entry is needed for as long as an access token of that session may be around. */
const KEEP_MS = ACCESS_TOKEN_SECONDS * 1000 + OVERLAP_MS

export const createRevocations = (store: RevocationStore, logger: Logger): Revocations => {
  const outage = createOutage(logger, 'reading which sessions have ended')
  const revoked = new Map<string, number>()
  let knownUntil = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const forgetOld = (now: number) => {
    // In the order in which they were added, which is nearly that of time: the first young one ends the search.
    for (const [sessionId, at] of revoked) {
      if (at > now - KEEP_MS) return
      revoked.delete(sessionId)
    }
  }

  const read = async (since: number) => {
    const begun = Date.now()
    for (const { session_id, revoked_at } of await store.since(since)) {
      if (!revoked.has(session_id)) revoked.set(session_id, revoked_at)
    }
    knownUntil = begun
    forgetOld(begun)
  }

  const follow = async () => {
    try {
      // After a gap in the reading, everything since its beginning is caught up with.
      await read(knownUntil - OVERLAP_MS)
      outage.worked()
    } catch (error) {
      outage.failed(error)
    }
    if (!stopped) timer = setTimeout(() => void follow(), POLL_MS).unref()
  }

  return {
    async start() {
      await read(Date.now() - KEEP_MS)
      timer = setTimeout(() => void follow(), POLL_MS).unref()
    },

    stop() {
      stopped = true
      clearTimeout(timer)
    },

    check(sessionId) {
      if (revoked.has(sessionId)) return 'revoked'
      // Knowledge from the future is none: the clock has been set back.
      return Math.abs(Date.now() - knownUntil) <= FRESH_MS ? 'live' : 'unknown'
    },

    add: sessionId => void revoked.set(sessionId, Date.now()),
  }
}
