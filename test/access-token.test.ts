import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import jwt from 'jsonwebtoken'
import { createKeyRing, type NamedKey } from '../src/lib/keys.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'

describe('access tokens', () => {
  let app: TestApp
  let ann: SeededUser
  let header: jwt.JwtHeader
  let payload: jwt.JwtPayload
  let serviceKey: NamedKey

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
    const token = jwt.decode(ann.token, { complete: true })
    if (!token || typeof token.payload === 'string') throw new Error('this is no token')
    header = token.header
    payload = token.payload
    serviceKey = createKeyRing(String(app.env.JWT_SECRET)).keysFor('access-token')[0]
  })
  afterAll(() => app.close())

  const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')
  const seconds = () => Math.floor(Date.now() / 1000)

  /** A token signed with the service's own key: Ann's, but for what is said. Undefined leaves a claim out. */
  const signed = (headers: object = {}, claims: object = {}, secret: jwt.Secret = serviceKey.key) => {
    const changed = { ...header, ...headers }
    const stated = Object.fromEntries(
      Object.entries({ ...payload, ...claims }).filter(([, value]) => value !== undefined),
    )
    const algorithm = changed.alg === 'HS512' ? 'HS512' : 'HS256'
    return jwt.sign(stated, secret, { header: changed, algorithm })
  }

  const get = (authorization: string) =>
    anonymous(app).get('/users/profile').set('Authorization', authorization)

  const unsigned = (headers: object) => `${part({ ...header, ...headers })}.${part(payload)}`

  test('carry ids and times and nothing else', () => {
    expect(header).toStrictEqual({ alg: 'HS256', typ: 'at+jwt', kid: serviceKey.kid })
    expect(payload).toStrictEqual({
      iss: 'plaza',
      aud: 'plaza-api',
      sub: ann.user_id,
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 900,
    })
    expect(Math.abs(seconds() - (payload.iat ?? 0))).toBeLessThan(60)
  })

  test('are taken while they are good, also when the service’s key signs the same again', async () => {
    await get(`Bearer ${ann.token}`).expect(200)
    await get(`Bearer ${signed()}`).expect(200)
  })

  test.each<[string, () => string]>([
    ['with a forged signature', () => `${ann.token.slice(0, -6)}AAAAAA`],
    ['signed with another key', () => signed({}, {}, 'another-key-of-more-than-thirty-two-bytes')],
    [
      'with somebody else put in',
      () => ann.token.replace(/\.[^.]+\./, `.${part({ ...payload, sub: 'bob' })}.`),
    ],
    ['that has expired', () => signed({}, { iat: seconds() - 901, exp: seconds() - 1 })],
    ['without an end', () => signed({}, { exp: undefined })],
    ['that is not good yet', () => signed({}, { nbf: seconds() + 600 })],
    ['with alg none', () => `${unsigned({ alg: 'none' })}.`],
    ['with alg None and the old signature', () => `${unsigned({ alg: 'None' })}.${ann.token.split('.')[2]}`],
    ['with HS512', () => signed({ alg: 'HS512' })],
    ['with RS256 claimed', () => `${unsigned({ alg: 'RS256' })}.${ann.token.split('.')[2]}`],
    ['with another kid', () => signed({ kid: '0123456789abcdef' })],
    ['without a kid', () => signed({ kid: undefined })],
    ['with a path as its kid', () => signed({ kid: '../../../../dev/null' })],
    ['of another issuer', () => signed({}, { iss: 'agora' })],
    ['without an issuer', () => signed({}, { iss: undefined })],
    ['for another audience', () => signed({}, { aud: 'agora-api' })],
    ['without an audience', () => signed({}, { aud: undefined })],
    ['of type JWT', () => signed({ typ: 'JWT' })],
    ['without a type', () => signed({ typ: undefined })],
    ['without a subject', () => signed({}, { sub: undefined })],
    ['without a session', () => signed({}, { sid: undefined })],
    ['with a number as its session', () => signed({}, { sid: 5 })],
    ['that is a refresh token', () => ann.refresh_token],
    ['that is garbage', () => 'garbage'],
    ['that is garbage in three parts', () => 'e30.e30.e30'],
    ['that claims to be a JWT and holds no JSON', () => `${part({ typ: 'JWT', alg: 'HS256' })}.bm9wZQ.abc`],
    ['whose header is null', () => `${part(null)}.${part(payload)}.abc`],
    ['that is very long', () => `e30.${'A'.repeat(12_000)}.e30`],
    ['followed by something else', () => `${ann.token} and more`],
    ['in two pieces', () => ann.token.replace('.', '. ')],
  ])('%s are refused', async (_what, token) => {
    const reply = await get(`Bearer ${token()}`).expect(401)
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(reply.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.body).toMatchObject({ status: 401, code: 'unauthorized', error: 'Unauthorized' })
  })

  test.each(['Bearer', 'Bearer ', '', 'Basic YW5uOnBhc3N3b3Jk', 'Bearer,', 'Token x', 'bearer:x'])(
    'are missed where the header is only “%s”',
    async authorization => {
      const reply = await get(authorization).expect(401)
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer/)
    },
  )

  test('are asked for where there is no header at all', async () => {
    const reply = await anonymous(app).get('/users/profile').expect(401)
    expect(reply.headers['www-authenticate']).toBe('Bearer')
    expect(reply.body.code).toBe('unauthorized')
  })

  test('may be sent with the scheme in any case, and with more than one space', async () => {
    for (const scheme of ['bearer', 'BEARER', 'bEaReR', 'Bearer  ']) {
      await get(`${scheme} ${ann.token}`).expect(200)
    }
  })

  test('are taken from nowhere else', async () => {
    await anonymous(app).get('/users/profile').set('Cookie', `token=${ann.token}`).expect(401)
    await anonymous(app).get(`/users/profile?token=${ann.token}&access_token=${ann.token}`).expect(401)
  })

  test('that are wrong are refused also where none is needed', async () => {
    const path = `/users/${ann.user_id}`
    const open = await anonymous(app).get(path).expect(200)
    expect(open.body.user).not.toHaveProperty('email')
    const own = await as(app, ann).get(path).expect(200)
    expect(own.body.user.email).toBe(ann.email)
    const expired = signed({}, { exp: seconds() - 1 })
    for (const wrong of ['Bearer garbage', 'Bearer', 'Basic YW5uOnB3', `Bearer ${expired}`]) {
      const reply = await anonymous(app).get(path).set('Authorization', wrong).expect(401)
      expect(reply.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    }
  })

  test('name different sessions of the same user', async () => {
    const { token } = await login(app, ann)
    expect(jwt.decode(token)).toMatchObject({ sub: ann.user_id })
    expect(jwt.decode(token)).not.toMatchObject({ sid: payload.sid })
  })
})
