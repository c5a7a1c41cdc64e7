import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createPasswords } from '../src/auth/password.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, seedInto } from './support/seed.ts'

describe('passwords', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let made = 0

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const register = (password: string, email = `user${++made}@example.com`) =>
    anonymous(app).post('/auth/register').send({ email, password, name: 'Somebody' })
  const tryLogin = (email: string, password: string) =>
    anonymous(app).post('/auth/login').send({ email, password })

  test.each([
    ['8 characters', 'eight ch'],
    ['256 characters', 'x'.repeat(256)],
    ['256 emoji', '🦜'.repeat(256)],
    ['8 emoji', '👩🦜🐢🐍🐙🦀🐝🐞'],
    ['8 spaces', ' '.repeat(8)],
    ['characters NUL', 'a\u0000b\u0000cdef'],
    ['nothing but characters NUL', '\u0000'.repeat(8)],
  ])('may have %s, and opens its account only as it is', async (_what, password) => {
    const { body } = await register(password).expect(201)
    const { email } = body.user
    await tryLogin(email, password).expect(200)
    for (const other of [
      `${password} `,
      ` ${password}`,
      password.trim(),
      [...password].slice(0, -1).join(''),
      `${password}\u0000`,
    ]) {
      if (other !== password) await tryLogin(email, other).expect(401)
    }
  })

  test('keep the space at their ends', async () => {
    const { body } = await register('  within  ').expect(201)
    await tryLogin(body.user.email, 'within').expect(401)
    await tryLogin(body.user.email, '  within  ').expect(200)
  })

  test('are not cut off at a NUL', async () => {
    const { body } = await register('same start\u0000 one end').expect(201)
    await tryLogin(body.user.email, 'same start\u0000 other end').expect(401)
    await tryLogin(body.user.email, 'same start').expect(401)
  })

  test.each([
    ['7 characters', 'seven c'],
    ['7 emoji', '🦜'.repeat(7)],
    ['257 characters', 'x'.repeat(257)],
    ['257 emoji', '🦜'.repeat(257)],
    ['half of a character', 'lone \ud83e surrogate'],
  ])('may not have %s, neither at sign-up nor at a change', async (_what, password) => {
    const { body } = await register(password).expect(422)
    expect(body.errors).toMatchObject([{ pointer: '#/password' }])
    const ann = await seed.user('ann')
    const change = { current_password: ann.password, new_password: password }
    const refused = await as(app, ann).post('/auth/password').send(change).expect(422)
    expect(refused.body.errors).toMatchObject([{ pointer: '#/new_password' }])
    await tryLogin(ann.email, ann.password).expect(200)
  })

  test.each([
    ['100 bytes that differ at byte 90', 100, 90],
    ['the same first 72 bytes', 100, 72],
    ['256 bytes that differ at the last one', 256, 255],
  ])('of %s do not open each other’s account', async (_what, length, at) => {
    const one = 'p'.repeat(length)
    const other = `${one.slice(0, at)}q${one.slice(at + 1)}`
    const [ann, bob] = await Promise.all([register(one).expect(201), register(other).expect(201)])
    const [annEmail, bobEmail] = [ann.body.user.email, bob.body.user.email]
    await tryLogin(annEmail, other).expect(401)
    await tryLogin(bobEmail, one).expect(401)
    await tryLogin(annEmail, one).expect(200)
    await tryLogin(bobEmail, other).expect(200)
  })

  test('can be changed: every other session ends, the own one lives', async () => {
    const ann = await seed.user('ann')
    const bob = await seed.user('bob')
    const others = await Promise.all([login(app, ann), login(app, ann), login(app, ann)])
    const change = { current_password: ann.password, new_password: 'the new one of Ann' }
    const { text } = await as(app, ann).post('/auth/password').send(change).expect(204)
    expect(text).toBe('')

    for (const other of others) {
      await as(app, other).get('/users/profile').expect(401)
      await anonymous(app).post('/auth/refresh').send({ refresh_token: other.refresh_token }).expect(401)
    }
    await as(app, ann).get('/users/profile').expect(200)
    await as(app, bob).get('/users/profile').expect(200)
    const { refresh_token } = ann
    const { body } = await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(200)
    await as(app, body).get('/users/profile').expect(200)
    await tryLogin(ann.email, ann.password).expect(401)
    await tryLogin(ann.email, 'the new one of Ann').expect(200)
  })

  test('do not change without the current one', async () => {
    const ann = await seed.user('ann')
    const other = await login(app, ann)
    const change = { current_password: 'not the password', new_password: 'the new one of Ann' }
    const { body } = await as(app, ann).post('/auth/password').send(change).expect(401)
    expect(body).toMatchObject({ code: 'invalid_credentials', error: 'Invalid credentials' })
    await anonymous(app)
      .post('/auth/password')
      .send({ ...change, current_password: ann.password })
      .expect(401)
    await as(app, other).get('/users/profile').expect(200)
    await tryLogin(ann.email, ann.password).expect(200)
    await tryLogin(ann.email, 'the new one of Ann').expect(401)
  })

  test('are changed by one of those who do it at once, and only that one stays', async () => {
    const ann = await seed.user('ann')
    const sessions = [ann, ...(await Promise.all([1, 2, 3, 4].map(() => login(app, ann))))]
    const replies = await Promise.all(
      sessions.map((session, at) =>
        as(app, session)
          .post('/auth/password')
          .send({ current_password: ann.password, new_password: `password number ${at}` }),
      ),
    )
    const winners = replies.flatMap((reply, at) => (reply.status === 204 ? [at] : []))
    expect(winners).toHaveLength(1)
    for (const at of sessions.keys()) {
      const won = winners.includes(at)
      expect(replies[at]?.status).toBe(won ? 204 : 401)
      await tryLogin(ann.email, `password number ${at}`).expect(won ? 200 : 401)
      await as(app, sessions[at] ?? ann)
        .get('/users/profile')
        .expect(won ? 200 : 401)
    }
  })
})

const onLinux = process.platform === 'linux' ? test : test.skip

onLinux('hashing gives way to whoever reads', () => {
  createPasswords(4)
  const threads = readdirSync('/proc/self/task').map(id => {
    const stat = readFileSync(`/proc/self/task/${id}/stat`, 'utf8')
    const [, name, fields = ''] = /^\d+ \((.*)\) (.*)/.exec(stat) ?? []
    return { name: id === String(process.pid) ? 'the loop' : name, nice: Number(fields.split(' ')[16]) }
  })
  const nice = (whose: string) => new Set(threads.filter(({ name }) => name === whose).map(t => t.nice))
  expect(nice('libuv-worker')).toEqual(new Set([10]))
  expect(nice('the loop')).toEqual(new Set([0]))
})
