import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { createPlaza } from '../../client/plaza.ts'
import type { paths } from '../../client/schema.ts'
import type { TestApp } from './app.ts'
import { mailbox } from './mailbox.ts'
import { ok } from './ok.ts'

/** Somebody with an account, logged in. */
export interface SeededUser {
  user_id: string
  email: string
  name: string
  password: string
  token: string
  refresh_token: string
}

export interface SeededPost {
  post_id: string
  user_id: string
  content: string
  [field: string]: unknown
}

/** Calls to an app, with nobody's token. */
export const anonymous = (app: TestApp) => request(app.url)

/** Calls to an app as somebody. */
export const as = (app: TestApp, user: Pick<SeededUser, 'token'>) =>
  request.agent(app.url).set('Authorization', `Bearer ${user.token}`)

/** Logs in once more: another session of the same user. */
export const login = (app: TestApp, { email, password }: Pick<SeededUser, 'email' | 'password'>) =>
  ok(createPlaza(app.url).POST('/auth/login', { body: { email, password } }))

type NewPost = paths['/posts']['post']['requestBody']['content']['application/json']

/**
 * Makes what a story begins with, by the typed client that we give to others.
 * @param registrationMode how one signs up there
 */
export const seedInto = (
  app: TestApp,
  registrationMode: 'open' | 'verify' = app.context.config.registrationMode,
) => {
  const user = async (name: string): Promise<SeededUser> => {
    const email = `${name}.${randomBytes(6).toString('hex')}@example.com`
    const password = `${name}'s own password`
    const plaza = createPlaza(app.url)
    await ok(plaza.POST('/auth/register', { body: { email, password, name } }))
    if (registrationMode === 'verify') {
      const { token } = await mailbox(email, app).open()
      await ok(plaza.POST('/auth/email/verify', { body: { token } }))
    }
    const { token, refresh_token, user: self } = await login(app, { email, password })
    return { user_id: self.user_id, email, name, password, token, refresh_token }
  }

  return {
    user,
    users: <Names extends string[]>(...names: Names) =>
      Promise.all(names.map(user)) as Promise<{ [At in keyof Names]: SeededUser }>,

    async post(author: SeededUser, fields: Partial<NewPost> = {}): Promise<SeededPost> {
      const body = { content: `A post of ${author.name}`, ...fields }
      return (await ok(createPlaza(app.url, author.token).POST('/posts', { body }))).post
    },
  }
}
