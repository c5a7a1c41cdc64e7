import { z } from 'zod'
import type { TestApp } from './app.ts'
import type { Reply, Sent } from './exchange.ts'
import type { Call } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import { login, type SeededUser, seedInto } from './seed.ts'

/** What replies teach: whatever of it a reply has. */
const Lesson = z.object({
  post: z.object({ post_id: z.string(), user_id: z.string() }).optional(),
  sessions: z.array(z.object({ session_id: z.string() })).optional(),
  next_cursor: z.string().nullish(),
})

const parsed = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

const NewPassword = z.object({ new_password: z.string() })

/** Not any 401: some are about a password or a refresh token. */
const isOver = ({ status, text }: Reply) => status === 401 && text.includes('"unauthorized"')

const FEWEST = 8
const MOST = 200

/** Keeps the youngest. */
const keep = <T>(list: T[], ...more: T[]) => {
  list.push(...more)
  list.splice(0, list.length - MOST)
}

/** The accounts and things that requests can be about. They come and go while requests are sent. */
export const createWorld = async (app: TestApp) => {
  const seed = seedInto(app)
  const accounts = await seed.users('ann', 'bob', 'cat', 'dan')
  const posts: { post_id: string; user_id: string }[] = await Promise.all(
    accounts.flatMap(author => [seed.post(author), seed.post(author, { is_public: false })]),
  )
  /** The last that is known of each account's. */
  const sessions = new Map<string, string[]>()
  const cursors: string[] = []

  const at = <T>(list: readonly T[], pick: number) => list[pick % list.length]

  /** Half of the time the post's own author, so that changes go through. */
  const accountFor = (pick: number): SeededUser => {
    const author = accounts.find(({ user_id }) => user_id === at(posts, pick)?.user_id)
    return (pick % 2 === 0 && author) || (at(accounts, pick) ?? accounts[0])
  }

  const idFor = (name: string, account: SeededUser, pick: number) => {
    const ids: Record<string, string | undefined> = {
      post_id: at(posts, pick)?.post_id,
      user_id: at(accounts, pick)?.user_id,
      session_id: at(sessions.get(account.user_id) ?? [], pick),
    }
    return ids[name] ?? '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
  }

  const withCredentials = (body: string | undefined, { email, password, refresh_token }: SeededUser) => {
    const fields = z.record(z.string(), z.unknown()).safeParse(parsed(body))
    if (!fields.success) return body
    const own: Record<string, string> = { email, password, refresh_token, current_password: password }
    return JSON.stringify(
      Object.fromEntries(Object.entries(fields.data).map(([name, value]) => [name, own[name] ?? value])),
    )
  }

  const fill = (call: Call, account: SeededUser, { method, template }: Described): Sent => {
    const { pick } = call
    const query = call.query.map(([name, value]) => `${name}=${value ?? at(cursors, pick) ?? 'none'}`)
    const authorization = call.authorization === null ? `Bearer ${account.token}` : call.authorization
    const asked = call.credentials && template.startsWith('/auth/')
    const body = asked ? withCredentials(call.body, account) : call.body
    return {
      method,
      path:
        template.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => call.params[name] ?? idFor(name, account, pick),
        ) + (query.length > 0 ? `?${query.join('&')}` : ''),
      headers: { ...call.headers, ...(authorization !== undefined && { Authorization: authorization }) },
      ...(body !== undefined && { body }),
    }
  }

  const learn = (account: SeededUser, { status, text }: Reply) => {
    const lesson = Lesson.safeParse(parsed(text))
    if (!lesson.success) return
    const { post, sessions: seen, next_cursor } = lesson.data
    if (post && status === 201) keep(posts, post)
    if (seen)
      sessions.set(
        account.user_id,
        seen.map(({ session_id }) => session_id),
      )
    if (next_cursor) keep(cursors, next_cursor)
  }

  /** What was deleted is hardly ever asked for again: enough of that is made up. */
  const forget = async (path: string) => {
    const gone = posts.findIndex(({ post_id }) => path.includes(post_id))
    if (gone >= 0) posts.splice(gone, 1)
    if (posts.length >= FEWEST) return
    // Its author's session may be over at this moment: then another time.
    const post = await seed.post(at(accounts, posts.length) ?? accounts[0]).catch(() => null)
    if (post) keep(posts, post)
  }

  /** An account whose session is over logs in again; one whose password got lost in the crowd is made anew. */
  const recover = async (account: SeededUser) => {
    const tokens = await login(app, account).catch(() => seed.user(account.name))
    Object.assign(account, tokens)
  }

  return {
    /** The request that a call comes to at this moment, and what is to be done once it is answered. */
    prepare(call: Call, operation: Described) {
      const account = accountFor(call.pick)
      const sent = fill(call, account, operation)
      return {
        sent,
        async answered(reply: Reply) {
          if (reply.status < 300) learn(account, reply)
          if (operation.method === 'DELETE' && reply.status === 204) await forget(sent.path)
          if (operation.template === '/auth/password' && reply.status === 204)
            account.password = NewPassword.parse(parsed(call.body)).new_password
          if (call.authorization === null && isOver(reply)) await recover(account)
        },
      }
    },
  }
}
