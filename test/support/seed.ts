import { randomBytes } from 'node:crypto'
import request from 'supertest'
import type { TestApp } from './app.ts'
import { mailbox } from './mailbox.ts'

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
export const login = async (app: TestApp, user: Pick<SeededUser, 'email' | 'password'>) => {
  const { body } = await anonymous(app)
    .post('/auth/login')
    .send({ email: user.email, password: user.password })
    .expect(200)
  return body as { token: string; refresh_token: string; expires_in: number; user: Record<string, unknown> }
}

/**
 * Makes what a story begins with, over HTTP like any client.
 * @param registrationMode how one signs up there
 */
export const seedInto = (
  app: TestApp,
  registrationMode: 'open' | 'verify' = app.context.config.registrationMode,
) => {
  const user = async (name: string): Promise<SeededUser> => {
    const email = `${name}.${randomBytes(6).toString('hex')}@example.com`
    const password = `${name}'s own password`
    const verified = registrationMode === 'verify'
    await anonymous(app)
      .post('/auth/register')
      .send({ email, password, name })
      .expect(verified ? 202 : 201)
    if (verified) {
      const { token } = await mailbox(email, app).open()
      await anonymous(app).post('/auth/email/verify').send({ token }).expect(204)
    }
    const { token, refresh_token, user: self } = await login(app, { email, password })
    return { user_id: String(self.user_id), email, name, password, token, refresh_token }
  }

  return {
    user,
    users: <Names extends string[]>(...names: Names) =>
      Promise.all(names.map(user)) as Promise<{ [At in keyof Names]: SeededUser }>,

    async post(author: SeededUser, fields: Record<string, unknown> = {}): Promise<SeededPost> {
      const { body } = await as(app, author)
        .post('/posts')
        .send({ content: `A post of ${author.name}`, ...fields })
        .expect(201)
      return body.post
    },
  }
}
