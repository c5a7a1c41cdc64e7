import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { rounds } from './support/heavy.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

describe('a log-in while the password is changed', () => {
  let app: TestApp
  /** Has what a test names wait at the database's door. */
  let before: (call: DatabaseCall) => Promise<void> | void = () => {}

  beforeAll(async () => {
    app = await startApp({}, { backends: watchDatabase(call => before(call)) })
  })
  afterAll(() => app.close())

  const tryLogin = ({ email, password }: SeededUser) =>
    anonymous(app).post('/auth/login').send({ email, password })
  const change = (user: Pick<SeededUser, 'token' | 'password'>) =>
    as(app, user)
      .post('/auth/password')
      .send({ current_password: user.password, new_password: 'the new password' })
  const opensSession = ({ method, tables }: DatabaseCall) =>
    method === 'transact' && tables.join().startsWith('Sessions,Credentials')

  test('gets no session where it has verified the old one before', async () => {
    const ann = await seedInto(app).user('ann')
    const old = await login(app, ann)
    let arrived = false
    let release = () => {}
    before = call => {
      if (!opensSession(call)) return
      arrived = true
      return new Promise(resolve => {
        release = resolve
      })
    }
    const late = tryLogin(ann).then(reply => reply)
    await until(
      () => arrived,
      here => here,
    )
    before = () => {}
    await change(ann).expect(204)
    release()
    const { status, body } = await late
    expect(status).toBe(401)
    expect(body).toMatchObject({ code: 'invalid_credentials', error: 'Invalid credentials' })
    await as(app, old).get('/users/profile').expect(401)
    const { body: list } = await as(app, ann).get('/auth/sessions').expect(200)
    expect(list.sessions).toMatchObject([{ current: true }])
    await login(app, { ...ann, password: 'the new password' })
  })

  test('never leaves a session that was opened with the old one, whichever is faster', async () => {
    let opened = 0
    let refused = 0
    const times = rounds(12, 4)
    for (let round = 0; round < times; round++) {
      const ann = await seedInto(app).user('ann')
      const early = Array.from({ length: 4 }, () => tryLogin(ann))
      const [changed, ...replies] = await Promise.all([change(ann), ...early, tryLogin(ann), tryLogin(ann)])
      expect(changed?.status).toBe(204)
      for (const { status, body } of replies) {
        if (status === 200) {
          opened++
          await as(app, body).get('/users/profile').expect(401)
          const { refresh_token } = body
          await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(401)
        } else {
          refused++
          expect(status).toBe(401)
        }
      }
      const { body } = await as(app, ann).get('/auth/sessions').expect(200)
      expect(body.sessions).toMatchObject([{ current: true }])
    }
    expect(opened + refused).toBe(times * 6)
  })
})

describe('a process that dies right after a password was changed', () => {
  test('leaves the end of the other sessions to another one', async () => {
    let dead = false
    let bury = () => {}
    const grave = new Promise<never>((_, reject) => {
      bury = () => reject(new Error('this process is dead'))
    })
    // It writes the change down and does not live to see which sessions there are to end.
    const backends = watchDatabase(({ method, tables }) => {
      if (dead && method !== 'transact' && tables.includes('Sessions')) return grave
    })
    const first = await startApp({}, { backends, outbox: { leaseMs: 300, longestMs: 0, pollMs: 600_000 } })
    const ann = await seedInto(first).user('ann')
    const others = await Promise.all([login(first, ann), login(first, ann)])
    dead = true
    const change = { current_password: ann.password, new_password: 'the new password' }
    const unanswered = as(first, ann)
      .post('/auth/password')
      .send(change)
      .then(reply => reply.status)
    const newPassword = { ...ann, password: change.new_password }
    const later = await until(
      () => anonymous(first).post('/auth/login').send({ email: ann.email, password: change.new_password }),
      reply => reply.status === 200,
    )

    const second = await startApp(first.env, { outbox: { pollMs: 50 } })
    try {
      for (const other of others) {
        await until(
          async () => (await as(second, other).get('/users/profile')).status,
          status => status === 401,
        )
        const { refresh_token } = other
        await anonymous(second).post('/auth/refresh').send({ refresh_token }).expect(401)
      }
      await until(
        () => second.context.outbox.waiting(),
        waiting => waiting === 0,
      )
      for (const living of [ann, later.body, await login(second, newPassword)]) {
        await as(second, living).get('/users/profile').expect(200)
      }
      const { refresh_token } = later.body
      await anonymous(second).post('/auth/refresh').send({ refresh_token }).expect(200)
    } finally {
      bury()
      await unanswered
      await Promise.all([first.close(), second.close()])
    }
  })
})
