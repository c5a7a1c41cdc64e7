import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'

const OURS = 'https://app.example.com'
const OTHER = 'http://localhost:5173'

/** What a prefix, a suffix, a pattern or a careless comparison would let in. */
const FOREIGN = [
  'null',
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.example',
  'https://evilapp.example.com',
  'https://app-example.com',
  'https://appXexample.com',
  'https://app.example.com/',
  'https://app.example.com@evil.example',
  'https://sub.app.example.com',
  'https://app.example.co',
  'HTTPS://APP.EXAMPLE.COM',
  `${OURS}, ${OTHER}`,
  `${OURS} ${OTHER}`,
  'http://localhost:51730',
  'http://localhost',
  '*',
]

describe('cross-origin requests', () => {
  let closed: TestApp
  let open: TestApp

  beforeAll(async () => {
    closed = await startApp()
    open = await startApp({ ...closed.env, CORS_ORIGINS: `${OURS}, ${OTHER}` })
  })
  afterAll(async () => {
    await open.close()
    await closed.close()
  })

  const ask = (app: TestApp, method: string, path: string, headers: Record<string, string>) =>
    exchange(app.url, { method, path, headers })
  const preflight = (app: TestApp, origin: string, path = '/posts') =>
    ask(app, 'OPTIONS', path, {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    })
  const cors = (headers: Headers) => [...headers.keys()].filter(name => name.startsWith('access-control-'))

  test('are not heard of unless origins are named', async () => {
    for (const reply of [await ask(closed, 'GET', '/', { Origin: OURS }), await preflight(closed, OURS)]) {
      expect(cors(reply.headers)).toEqual([])
      expect(reply.headers.get('vary') ?? '').not.toContain('Origin')
    }
  })

  test.each([OURS, OTHER])('from the named origin %s may read the reply and its headers', async origin => {
    const { status, headers } = await ask(open, 'GET', '/', { Origin: origin })
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('vary')).toContain('Origin')
    const exposed = headers.get('access-control-expose-headers')?.split(/, ?/)
    expect(exposed).toEqual(expect.arrayContaining(['ETag', 'Location', 'Retry-After', 'X-Request-Id']))
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('from a named origin may read problems as well', async () => {
    const reply = await ask(open, 'GET', '/users/profile', { Origin: OURS })
    expectProblem(reply, { status: 401, code: 'unauthorized' })
    expect(reply.headers.get('access-control-allow-origin')).toBe(OURS)
  })

  test('keep the other half of Vary', async () => {
    const reply = await ask(open, 'GET', '/users/019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60/posts', {
      Origin: OURS,
    })
    expect(reply.status).toBe(404)
    const seen = await ask(open, 'POST', '/auth/register', { Origin: OURS })
    expect(seen.headers.get('vary')).toContain('Origin')
  })

  test.each(FOREIGN)('from %s may read nothing', async origin => {
    for (const reply of [await ask(open, 'GET', '/', { Origin: origin }), await preflight(open, origin)]) {
      expect(reply.headers.get('access-control-allow-origin')).toBeNull()
      expect(reply.headers.get('vary')).toContain('Origin')
    }
  })

  test('are announced by a preflight that says what is allowed', async () => {
    const { status, headers, text } = await preflight(open, OURS)
    expect([status, text]).toEqual([204, ''])
    expect(headers.get('access-control-allow-origin')).toBe(OURS)
    expect(headers.get('access-control-allow-methods')?.split(',')).toEqual([
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
    ])
    const allowed = headers.get('access-control-allow-headers')?.toLowerCase().split(',')
    expect(allowed).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'if-none-match']),
    )
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0)
  })

  test('leave requests without an origin as they are', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/nowhere'],
      ['OPTIONS', '/users/profile'],
      ['OPTIONS', '/nowhere'],
    ] as const) {
      const [with_, without] = await Promise.all([ask(open, method, path, {}), ask(closed, method, path, {})])
      expect(with_.status).toBe(without.status)
      expect(with_.headers.get('allow')).toBe(without.headers.get('allow'))
      expect(cors(with_.headers)).toEqual([])
      // A cache that holds this reply must not give it to a page of another origin.
      expect(with_.headers.get('vary')).toContain('Origin')
    }
  })

  test('with OPTIONS that is no preflight get the Allow of the path', async () => {
    const { status, headers } = await ask(open, 'OPTIONS', '/users/profile', { Origin: OURS })
    expect([status, headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, PATCH'])
  })
})
