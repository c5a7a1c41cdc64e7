import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'

describe('logging in', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const tryLogin = (email: string, password: string) =>
    anonymous(app).post('/auth/login').send({ email, password })

  test('gives tokens that work, and nobody may store the reply', async () => {
    const { body, headers } = await tryLogin(` ${ann.email.toUpperCase()}`, ann.password).expect(200)
    expect(body).toStrictEqual({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{40,}$/),
      user: expect.objectContaining({ user_id: ann.user_id, email: ann.email, name: 'ann' }),
    })
    expect(headers['cache-control']).toBe('no-store')
    await as(app, body).get('/users/profile').expect(200)

    const { refresh_token } = body
    const refreshed = await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(200)
    expect(refreshed.headers['cache-control']).toBe('no-store')
    expect(Object.keys(refreshed.body).sort()).toEqual(['expires_in', 'refresh_token', 'token'])
  })

  test('makes a session of its own each time', async () => {
    const tokens = await Promise.all([login(app, ann), login(app, ann)])
    await as(app, tokens[0]).post('/auth/logout').expect(204)
    await as(app, tokens[0]).get('/users/profile').expect(401)
    await as(app, tokens[1]).get('/users/profile').expect(200)
  })

  test.each([
    ['an unknown address', 'nobody@example.com'],
    ['an empty address', ''],
    ['what is no address', 'ann'],
    ['a NUL', 'ann\u0000@example.com'],
    ['an address too long for a key', '\ufdfa'.repeat(1000)],
  ])('answers %s with the bytes and headers of a wrong password', async (_what, email) => {
    const [known, unknown] = await Promise.all(
      [ann.email, email].map(address =>
        tryLogin(address, 'not the password').set('X-Request-Id', 'one-and-the-same').expect(401),
      ),
    )
    expect(known?.body).toMatchObject({ code: 'invalid_credentials', error: 'Invalid credentials' })
    expect(unknown?.text).toBe(known?.text)
    const { date: _d, ...headers } = known?.headers ?? {}
    const { date: _e, ...unknownHeaders } = unknown?.headers ?? {}
    expect(unknownHeaders).toStrictEqual(headers)
    expect(Object.keys(unknownHeaders)).toStrictEqual(Object.keys(headers))
  })

  test.each([
    ['no password', { email: 'ann@example.com' }],
    ['a list as the address', { email: ['ann@example.com'], password: 'x' }],
    ['an object as the password', { email: 'ann@example.com', password: { $ne: '' } }],
    ['a further field', { email: 'ann@example.com', password: 'x', admin: true }],
    ['half of a character in the address', { email: '\ud800@example.com', password: 'x' }],
    ['half of a character in the password', { email: 'ann@example.com', password: '\ud800' }],
    ['a password without end', { email: 'ann@example.com', password: 'x'.repeat(2000) }],
  ])('is refused with %s', async (_what, body) => {
    const reply = await anonymous(app).post('/auth/login').send(body).expect(422)
    expect(reply.body.code).toBe('validation_failed')
  })
})
