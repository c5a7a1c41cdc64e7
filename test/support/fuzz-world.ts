import { z } from 'zod'
import type { Reply, Sent } from './exchange.ts'
import type { Aftermath } from './fuzz-aftermath.ts'
import { type Comment, createFiller, type File, type Post, type Session, type Upload } from './fuzz-fill.ts'
import { createLinks } from './fuzz-links.ts'
import { at, createPool, keep, type Pool } from './fuzz-pool.ts'
import type { Seeding } from './fuzz-seeding.ts'
import type { Instance } from './fuzz-steps.ts'
import type { Call } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import { parsed } from './parsed.ts'
import type { SeededUser } from './seed.ts'

const Thing = { user_id: z.string() }
/** What replies teach: whatever of it a reply has. */
const Lesson = z.object({
  post: z.object({ post_id: z.string(), ...Thing }).optional(),
  comment: z.object({ comment_id: z.string(), post_id: z.string(), ...Thing }).optional(),
  sessions: z.array(z.object({ session_id: z.string() })).optional(),
  file: z.object({ file_id: z.string(), ...Thing }).optional(),
  upload_id: z.string().optional(),
  next_cursor: z.string().nullish(),
})

const NewPassword = z.object({ new_password: z.string() })
const ByLink = z.object({ token: z.string(), password: z.string().optional() })

/** Not any 401: some are about a password or a refresh token. */
const isOver = ({ status, text }: Reply) => status === 401 && text.includes('"unauthorized"')

/** The accounts and things that requests can be about. They come and go while requests are sent. */
export const createWorld = async (seeding: Seeding, instance: Instance, afterDeletion: Aftermath) => {
  const accounts = await Promise.all([
    seeding.account('ann'),
    seeding.account('bob'),
    seeding.account('cat'),
    seeding.account('dan'),
  ])
  const somebody = (pick: number) => at(accounts, pick) ?? accounts[0]
  /** As they were when they were put out: sessions that have ended, and accounts that are suspended. */
  const outcasts: SeededUser[] = []
  const posts = createPool<Post>(({ post_id }) => post_id)
  const comments = createPool<Comment>(({ comment_id }) => comment_id)
  const files = createPool<File>(({ file_id }) => file_id)
  const uploads = createPool<Upload>(({ upload_id }) => upload_id)
  const sessions = createPool<Session>(({ session_id }) => session_id)
  const pools = [posts, comments, files, uploads, sessions]
  const cursors: string[] = []

  /** Each by the author of a public post, and with a reply. */
  const said = async (author: SeededUser) => {
    const comment = await seeding.comment(author, await seeding.newPost(author))
    await seeding.comment(author, comment, comment)
    return comment
  }
  let uploadsBegun = 0
  /** Every second one has all that it takes to be completed. */
  const begun = async (owner: SeededUser, upload?: Upload) => {
    const one = upload ?? (await seeding.upload(owner))
    if (uploadsBegun++ % 2 === 0) await seeding.part(owner, one.upload_id)
    return one
  }
  for (const owner of accounts) {
    posts.add(await seeding.newPost(owner))
    posts.add(await seeding.newPost(owner, { is_public: false }))
    comments.add(await said(owner))
    comments.add(await said(owner))
    files.add(await seeding.file(owner, false))
    files.add(await seeding.file(owner, true))
    uploads.add(await begun(owner))
    uploads.add(await begun(owner))
  }
  const links = await createLinks(
    seeding,
    instance,
    accounts.map(({ email }) => email),
  )

  const things = { accounts, outcasts, posts, comments, files, uploads, sessions, cursors }
  const filler = createFiller(things, links)

  const learn = async (account: SeededUser, { status, text }: Reply) => {
    const { user_id } = account
    const lesson = Lesson.safeParse(parsed(text))
    if (!lesson.success) return
    const { post, comment, file, upload_id, sessions: seen = [], next_cursor } = lesson.data
    if (status === 201) {
      posts.add(post)
      comments.add(comment)
      files.add(file)
      if (upload_id !== undefined) uploads.add(await begun(account, { upload_id, user_id }))
    }
    for (const { session_id } of seen) sessions.add({ session_id, user_id })
    if (next_cursor) keep(cursors, next_cursor)
  }

  /** What there is too little of by now is made up. */
  const replenish = async () => {
    const next = () => somebody(pools.reduce((sum, { there }) => sum + there.length, 0))
    // Its owner's session may be over at this moment: then another time.
    const more = <T extends { user_id: string }>(pool: Pool<T>, make: () => Promise<T>) =>
      pool.few() ? make().then(pool.add, () => {}) : undefined
    for (const _ of accounts) {
      await more(posts, () => seeding.newPost(next()))
      await more(comments, () => said(next()))
      await more(files, () => seeding.file(next(), true))
      await more(uploads, () => begun(next()))
    }
  }

  /** The link of a mail was followed: there is a new account, or a new password. */
  const followed = async (template: string, body: Sent['body']) => {
    const sent = ByLink.safeParse(parsed(String(body)))
    if (!sent.success) return
    const { token, password } = sent.data
    const email = await links.spent(template, token)
    const owner = accounts.find(account => account.email === email)
    if (owner && password !== undefined) owner.password = password
  }

  /** What a request that went through has changed for those to come. */
  const done = async (account: SeededUser, { method, template }: Described, sent: Sent) => {
    // Of a like, say, nothing is gone but the like.
    if (method === 'DELETE' && template.endsWith('}')) {
      const [id = ''] = sent.path.replace(/\?.*$/, '').split('/').slice(-1)
      // What hung on it went along, such as the comments on a post.
      for (const pool of pools) pool.drop(thing => Object.values(thing).includes(id))
      await afterDeletion(account, template, sent.path)
      await replenish()
    }
    if (template === '/auth/password')
      account.password = NewPassword.parse(parsed(String(sent.body))).new_password
    await followed(template, sent.body)
  }

  /** It can be asked for again, and is good for nothing else. */
  const completed = async ({ path }: Sent) => {
    uploads.drop(({ upload_id }) => path.includes(upload_id))
    await replenish()
  }

  /** Somebody else comes in the place of whoever cannot come back: what was theirs nobody can change. */
  const replace = async (account: SeededUser) => {
    const { user_id } = account
    Object.assign(account, await seeding.account(account.name))
    for (const pool of pools) pool.leave(user_id)
    await replenish()
  }

  /** An account whose session is over logs in again; one whose password got lost in the crowd is made anew. */
  const recover = async (account: SeededUser) => {
    keep(outcasts, { ...account })
    const tokens = await seeding.login(account).catch(() => null)
    if (tokens) Object.assign(account, tokens)
    else await replace(account)
  }

  return {
    /** The request that a call comes to at this moment, and what is to be done once it is answered. */
    prepare(call: Call, operation: Described) {
      const outcast = call.about === 'outcast' ? at(outcasts, call.pick) : undefined
      const account = outcast ?? filler.accountFor(call, operation.template)
      const sent = filler.fill(call, account, operation)
      return {
        sent,
        async answered(reply: Reply) {
          if (reply.status < 300) await learn(account, reply)
          if (reply.status === 200 && operation.template.endsWith('/complete')) await completed(sent)
          if (reply.status === 204) await done(account, operation, sent)
          if (call.authorization === null && !outcast && isOver(reply)) await recover(account)
        },
      }
    },

    /** Somebody is suspended, and is tried again and again from then on; another comes in their place. */
    async suspendOne(pick: number, suspend: (userId: string) => Promise<void>) {
      const account = somebody(pick)
      keep(outcasts, { ...account })
      await suspend(account.user_id)
      await replace(account)
    },
  }
}
