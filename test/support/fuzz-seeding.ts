import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Reply, Sent } from './exchange.ts'
import type { Instance, RequestStep } from './fuzz-steps.ts'
import { formWith, PART } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import type { SeededUser } from './seed.ts'
import { PICTURE } from './seed-file.ts'
import { until } from './until.ts'

/** Sends a request, keeps it in mind, and fails where the reply is wrong. */
export type Send = (request: Omit<RequestStep, 'kind' | 'learned'>) => Promise<Reply>

const Session = z.object({
  token: z.string(),
  refresh_token: z.string(),
  user: z.object({ user_id: z.string() }),
})
const Post = z.object({ post: z.object({ post_id: z.string(), user_id: z.string() }) })
const Comment = z.object({
  comment: z.object({ comment_id: z.string(), post_id: z.string(), user_id: z.string() }),
})
const File = z.object({ file: z.object({ file_id: z.string(), user_id: z.string() }) })
const Upload = z.object({ upload_id: z.string() })

type Owner = Pick<SeededUser, 'token' | 'user_id'>

/**
 * Makes what requests can be about, by requests that are sent like all others: so they can be sent again. Each fails
 * where its owner is not let in (any more).
 */
export const createSeeding = (send: Send, operations: readonly Described[], instance: Instance) => {
  const ask = (
    owner: Pick<SeededUser, 'token'> | null,
    method: string,
    path: string,
    rest: Partial<Sent> = {},
  ) => {
    const fits = ({ template }: Described) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
    const operation = operations.find(one => one.method === method && fits(one))
    if (!operation) throw new Error(`there is no ${method} ${path}`)
    const headers = { ...rest.headers, ...(owner && { Authorization: `Bearer ${owner.token}` }) }
    return send({ operation, clean: false, sent: { method, path, ...rest, headers } })
  }
  const post = (owner: Pick<SeededUser, 'token'> | null, path: string, body: object) =>
    ask(owner, 'POST', path, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  const as = <T>(schema: z.ZodType<T>, { status, text }: Reply): T => {
    if (status >= 300) throw new Error(`${status} ${text}`)
    return schema.parse(JSON.parse(text))
  }

  const login = async ({ email, password }: Pick<SeededUser, 'email' | 'password'>) => {
    const { user, ...tokens } = as(Session, await post(null, '/auth/login', { email, password }))
    return { ...tokens, user_id: user.user_id }
  }

  return {
    post,
    login,

    async account(name: string): Promise<SeededUser> {
      const email = `${name}.${randomBytes(6).toString('hex')}@example.com`
      const password = `${name}'s own password`
      await post(null, '/auth/register', { email, password, name })
      const mail = () => instance.mails().find(one => one.email === email)
      const token = (await until(mail, one => one !== undefined))?.token
      await post(null, '/auth/email/verify', { token })
      return { email, name, password, ...(await login({ email, password })) }
    },

    async newPost(author: Owner, fields: { is_public?: boolean } = {}) {
      return as(Post, await post(author, '/posts', { content: 'A post', ...fields })).post
    },

    /** @param parent what it replies to */
    async comment(author: Owner, { post_id }: { post_id: string }, parent?: { comment_id: string }) {
      const said = { content: 'said', ...(parent && { parent_comment_id: parent.comment_id }) }
      return as(Comment, await post(author, `/posts/${post_id}/comments`, said)).comment
    },

    /** A picture that all may see, or a text that nobody else may. */
    async file(owner: Owner, picture: boolean) {
      const { headers, body } = picture
        ? formWith(PICTURE, { name: 'a.png', type: 'image/png', is_public: 'true' })
        : formWith(Buffer.from('some text'), { name: 'notes.txt', type: 'text/plain', is_public: 'false' })
      return as(File, await ask(owner, 'POST', '/files/upload', { headers, body })).file
    },

    /** Begins an upload. */
    async upload(owner: Owner) {
      const asked = { file_name: 'a', file_type: 'text/plain', file_size: PART.length }
      const { upload_id } = as(Upload, await post(owner, '/files/uploads', asked))
      return { upload_id, user_id: owner.user_id }
    },

    /** Takes an upload up to where it can be completed. */
    part: (owner: Owner, upload_id: string) =>
      ask(owner, 'PUT', `/files/uploads/${upload_id}/parts/1`, { body: PART }),
  }
}

export type Seeding = ReturnType<typeof createSeeding>
