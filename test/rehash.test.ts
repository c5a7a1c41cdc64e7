import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import bcrypt from 'bcrypt'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

describe('a password that was hashed with less work than now', () => {
  let earlier: TestApp
  let app: TestApp
  let before: (call: DatabaseCall) => Promise<void> | void = () => {}

  beforeAll(async () => {
    earlier = await startApp({ BCRYPT_COST: '4' })
    const env = { ...earlier.env, BCRYPT_COST: '6' }
    app = await startApp(env, { backends: watchDatabase(call => before(call)) })
  })
  afterAll(() => Promise.all([earlier.close(), app.close()]))

  const hashOf = async ({ email }: SeededUser) => {
    const row = await app.context.backends.dynamo.get<{ password_hash: string; password_version: number }>(
      'Credentials',
      { email_key: email },
    )
    return { hash: String(row?.password_hash), version: row?.password_version }
  }
  const tryLogin = ({ email, password }: SeededUser) =>
    anonymous(app).post('/auth/login').send({ email, password })

  test('is hashed anew at a log-in, once, and no session ends by that', async () => {
    const ann = await seedInto(earlier).user('ann')
    const old = await hashOf(ann)
    expect(bcrypt.getRounds(old.hash)).toBe(4)
    await tryLogin({ ...ann, password: 'not the password' }).expect(401)
    expect(await hashOf(ann)).toEqual(old)

    const tokens = await login(app, ann)
    const renewed = await hashOf(ann)
    expect(bcrypt.getRounds(renewed.hash)).toBe(6)
    expect(renewed.version).toBe(old.version)
    for (const session of [ann, tokens]) await as(app, session).get('/users/profile').expect(200)
    await login(app, ann)
    expect(await hashOf(ann)).toEqual(renewed)
    await tryLogin({ ...ann, password: 'not the password' }).expect(401)
    // An instance that asks for less work takes it as well, and leaves it.
    await login(earlier, ann)
    expect(await hashOf(ann)).toEqual(renewed)
  })

  test('lets everybody in who logs in at the same time', async () => {
    const ann = await seedInto(earlier).user('ann')
    const replies = await Promise.all(Array.from({ length: 12 }, () => tryLogin(ann)))
    expect(replies.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(bcrypt.getRounds((await hashOf(ann)).hash)).toBe(6)
  })

  test('is not brought back by a late log-in, where it has been changed meanwhile', async () => {
    const ann = await seedInto(earlier).user('ann')
    const change = { current_password: ann.password, new_password: 'the new password' }
    before = async ({ method, tables }) => {
      if (method !== 'update' || !tables.includes('Credentials')) return
      before = () => {}
      await as(earlier, ann).post('/auth/password').send(change).expect(204)
    }
    await login(app, ann)
    await tryLogin(ann).expect(401)
    await tryLogin({ ...ann, password: change.new_password }).expect(200)
  })

  test('lets its owner in also where the new hash cannot be written', async () => {
    const ann = await seedInto(earlier).user('ann')
    const old = await hashOf(ann)
    before = ({ method, tables }) => {
      if (method === 'update' && tables.includes('Credentials')) throw new Error('not now')
    }
    await login(app, ann)
    before = () => {}
    expect(await hashOf(ann)).toEqual(old)
    expect(app.log().some(({ msg }) => msg === 'a password was not hashed anew')).toBe(true)
  })
})
