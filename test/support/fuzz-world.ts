import { z } from 'zod'
import type { TestApp } from './app.ts'
import { comment } from './comments.ts'
import type { Reply, Sent } from './exchange.ts'
import { createLinks } from './fuzz-links.ts'
import { type Call, PART } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import { as, login, type SeededUser, seedInto } from './seed.ts'
import { PICTURE, seedFile } from './seed-file.ts'

/** What replies teach: whatever of it a reply has. */
const Lesson = z.object({
  post: z.object({ post_id: z.string(), user_id: z.string() }).optional(),
  comment: z.object({ comment_id: z.string(), post_id: z.string(), user_id: z.string() }).optional(),
  sessions: z.array(z.object({ session_id: z.string() })).optional(),
  file: z.object({ file_id: z.string(), user_id: z.string() }).optional(),
  upload_id: z.string().optional(),
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
const ByLink = z.object({ token: z.string(), password: z.string().optional() })

/** Not any 401: some are about a password or a refresh token. */
const isOver = ({ status, text }: Reply) => status === 401 && text.includes('"unauthorized"')

const PICTURE_FILE = { bytes: PICTURE, name: 'a.png', type: 'image/png', is_public: true }

const FEWEST = 8
const MOST = 200

/** Keeps the youngest. */
const keep = <T>(list: T[], ...more: T[]) => {
  list.push(...more)
  list.splice(0, list.length - MOST)
}

const gained = <T>(list: T[], thing: T | undefined) => {
  if (thing !== undefined) keep(list, thing)
}

/** The accounts and things that requests can be about. They come and go while requests are sent. */
export const createWorld = async (app: TestApp) => {
  const seed = seedInto(app)
  const accounts = await seed.users('ann', 'bob', 'cat', 'dan')
  const posts: { post_id: string; user_id: string }[] = await Promise.all(
    accounts.flatMap(author => [seed.post(author), seed.post(author, { is_public: false })]),
  )
  /** Each by the author of a public post. */
  const said = async (author: SeededUser) => comment(app, author, await seed.post(author), 'said')
  const comments: { comment_id: string; post_id: string; user_id: string }[] = await Promise.all(
    [...accounts, ...accounts].map(said),
  )
  const files: { file_id: string; user_id: string }[] = await Promise.all(
    accounts.flatMap(owner => [seedFile(app, owner), seedFile(app, owner, PICTURE_FILE)]),
  )
  /** Begins an upload, or takes one up to where it can be completed. */
  const upload = async (owner: SeededUser, whole: boolean) => {
    const { body } = await as(app, owner)
      .post('/files/uploads')
      .send({ file_name: 'a', file_type: 'text/plain', file_size: PART.length })
    const { user_id } = owner
    if (whole) await as(app, owner).put(`/files/uploads/${body.upload_id}/parts/1`).send(PART)
    return { upload_id: String(body.upload_id), user_id }
  }
  const uploads = await Promise.all(accounts.flatMap(owner => [upload(owner, true), upload(owner, false)]))
  const links = await createLinks(
    app,
    accounts.map(({ email }) => email),
  )
  /** The last that is known of each account's. */
  const sessions = new Map<string, string[]>()
  const cursors: string[] = []

  const at = <T>(list: readonly T[], pick: number) => list[pick % list.length]

  /** Half of the time the owner of what it is about, so that changes go through. */
  const accountFor = (pick: number, template: string): SeededUser => {
    const things = (): { user_id: string }[] => {
      if (template.includes('{comment_id}')) return comments
      if (template.includes('{file_id}')) return files
      return template.includes('{upload_id}') ? uploads : posts
    }
    const thing = at(things(), pick)
    const owner = accounts.find(({ user_id }) => user_id === thing?.user_id)
    return (pick % 2 === 0 && owner) || (at(accounts, pick) ?? accounts[0])
  }

  const idFor = (name: string, account: SeededUser, pick: number, template: string) => {
    const ofComment = template.includes('{comment_id}')
    const ids: Record<string, string | undefined> = {
      post_id: at(ofComment ? comments : posts, pick)?.post_id,
      comment_id: at(comments, pick)?.comment_id,
      file_id: at(files, pick)?.file_id,
      upload_id: at(uploads, pick)?.upload_id,
      part_number: '1',
      user_id: at(accounts, pick)?.user_id,
      session_id: at(sessions.get(account.user_id) ?? [], pick),
    }
    return ids[name] ?? '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
  }

  const withCredentials = (body: string | undefined, account: SeededUser, mailed: string | undefined) => {
    const { email, password, refresh_token } = account
    const fields = z.record(z.string(), z.unknown()).safeParse(parsed(body))
    if (!fields.success) return body
    const own: Record<string, string | undefined> = {
      email,
      // At a reset it is the new one.
      ...(mailed === undefined && { password }),
      refresh_token,
      current_password: password,
      token: mailed,
    }
    return JSON.stringify(
      Object.fromEntries(Object.entries(fields.data).map(([name, value]) => [name, own[name] ?? value])),
    )
  }

  const fill = (call: Call, account: SeededUser, { method, template }: Described): Sent => {
    const { pick } = call
    const query = call.query.map(([name, value]) => `${name}=${value ?? at(cursors, pick) ?? 'none'}`)
    const authorization = call.authorization === null ? `Bearer ${account.token}` : call.authorization
    const asked = call.credentials && template.startsWith('/auth/')
    const body = asked ? withCredentials(call.body, account, links.tokenFor(template, pick)) : call.body
    return {
      method,
      path:
        template.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => call.params[name] ?? idFor(name, account, pick, template),
        ) + (query.length > 0 ? `?${query.join('&')}` : ''),
      headers: { ...call.headers, ...(authorization !== undefined && { Authorization: authorization }) },
      ...(body !== undefined && { body }),
    }
  }

  const learn = (account: SeededUser, { status, text }: Reply) => {
    const lesson = Lesson.safeParse(parsed(text))
    if (!lesson.success) return
    const { post, comment, file, upload_id, sessions: seen, next_cursor } = lesson.data
    if (status === 201) {
      gained(posts, post)
      gained(comments, comment)
      gained(files, file)
      gained(uploads, upload_id === undefined ? undefined : { upload_id, user_id: account.user_id })
    }
    if (seen)
      sessions.set(
        account.user_id,
        seen.map(({ session_id }) => session_id),
      )
    if (next_cursor) keep(cursors, next_cursor)
  }

  /** What was deleted is hardly ever asked for again: enough of that is made up. */
  const forget = async (path: string) => {
    const [last] = path.replace(/\?.*$/, '').split('/').slice(-1)
    const drop = <T extends object>(list: T[]) => {
      const gone = list.findIndex(thing => Object.values(thing).includes(last))
      if (gone >= 0) list.splice(gone, 1)
    }
    for (const list of [posts, comments, files, uploads]) drop<object>(list)
    const next = () => at(accounts, posts.length + files.length + uploads.length) ?? accounts[0]
    // Its owner's session may be over at this moment: then another time.
    const more = <T>(list: T[], make: () => Promise<T>) =>
      list.length >= FEWEST
        ? null
        : make().then(
            thing => keep(list, thing),
            () => null,
          )
    await more(posts, () => seed.post(next()))
    await more(comments, () => said(next()))
    await more(files, () => seedFile(app, next(), PICTURE_FILE))
    await more(uploads, () => upload(next(), true))
  }

  /** The link of a mail was followed: there is a new account, or a new password. */
  const followed = async (template: string, body: Sent['body']) => {
    const sent = ByLink.safeParse(typeof body === 'string' ? parsed(body) : undefined)
    if (!sent.success) return
    const { token, password } = sent.data
    const email = await links.spent(template, token)
    const owner = accounts.find(account => account.email === email)
    if (owner && password !== undefined) owner.password = password
  }

  /** What a request that went through has changed for those to come. */
  const done = async (account: SeededUser, { method, template }: Described, sent: Sent) => {
    // Of a like, say, nothing is gone but the like.
    if (method === 'DELETE' && template.endsWith('}')) await forget(sent.path)
    if (template === '/auth/password')
      account.password = NewPassword.parse(parsed(String(sent.body))).new_password
    await followed(template, sent.body)
  }

  /** An account whose session is over logs in again; one whose password got lost in the crowd is made anew. */
  const recover = async (account: SeededUser) => {
    const tokens = await login(app, account).catch(() => seed.user(account.name))
    Object.assign(account, tokens)
  }

  return {
    /** The request that a call comes to at this moment, and what is to be done once it is answered. */
    prepare(call: Call, operation: Described) {
      const account = accountFor(call.pick, operation.template)
      const sent = fill(call, account, operation)
      return {
        sent,
        async answered(reply: Reply) {
          if (reply.status < 300) learn(account, reply)
          if (reply.status === 204) await done(account, operation, sent)
          if (call.authorization === null && isOver(reply)) await recover(account)
        },
      }
    },
  }
}
