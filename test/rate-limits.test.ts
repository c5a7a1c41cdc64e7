import { request } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import type { Backends } from '../src/infra/backends.ts'
import { createMemoryKeyValue } from '../src/infra/cache/memory-key-value.ts'
import { freePort } from '../src/infra/embedded/dynamodb.ts'
import { createLogger } from '../src/infra/logger.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange, type Reply } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'

const LIMITED = { status: 429, code: 'rate_limited' }
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const start = async (env: Record<string, string> = {}, parts: Parameters<typeof startApp>[1] = {}) => {
  const app = await startApp({ RATE_LIMITS: 'on', ...env }, parts)
  undo.push(app.close)
  return app
}

/** Without Redis, whatever there is of one. */
const alone = (opened: Backends): Backends => {
  void opened.keyValue.close()
  return { ...opened, keyValue: createMemoryKeyValue(), scripts: null }
}

const rateLimit = ({ headers }: Reply) => ({
  limit: Number(headers.get('ratelimit-limit')),
  remaining: Number(headers.get('ratelimit-remaining')),
  reset: Number(headers.get('ratelimit-reset')),
})

const from = (address: string) => ({ 'X-Forwarded-For': address })

const get = (app: TestApp, path: string, headers = {}) => exchange(app.url, { method: 'GET', path, headers })

const post = (app: TestApp, path: string, body: object, headers = {}) =>
  exchange(app.url, {
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

/** Ten of these an hour are allowed to one user. */
const changePassword = (app: TestApp, user: SeededUser) =>
  post(
    app,
    '/auth/password',
    { current_password: 'not it', new_password: 'another password' },
    { Authorization: `Bearer ${user.token}` },
  )

describe('a limit', () => {
  test('is told with every reply, down to the one that refuses and says when to come again', async () => {
    const app = await start()
    const ann = await seedInto(app).user('ann')
    for (let left = 9; left >= 0; left--) {
      const reply = await changePassword(app, ann)
      expectProblem(reply, { status: 401, code: 'invalid_credentials' })
      expect(rateLimit(reply)).toMatchObject({ limit: 10, remaining: left })
    }
    const refused = await changePassword(app, ann)
    expectProblem(refused, LIMITED)
    const { limit, remaining, reset } = rateLimit(refused)
    expect([limit, remaining]).toEqual([10, 0])
    expect(reset).toBeGreaterThan(3500)
    expect(reset).toBeLessThanOrEqual(3600)
    expect(refused.headers.get('retry-after')).toBe(String(reset))
  })

  test('of one user or address is not that of another', async () => {
    const app = await start({ TRUST_PROXY: '1' })
    const [ann, bob] = await seedInto(app).users('ann', 'bob')
    for (let times = 0; times < 11; times++) await changePassword(app, ann)
    expectProblem(await changePassword(app, ann), LIMITED)
    expect((await changePassword(app, bob)).status).toBe(401)
    const of = async (address: string) => rateLimit(await get(app, '/', from(address))).remaining
    expect([await of('192.0.2.1'), await of('192.0.2.1'), await of('192.0.2.2')]).toEqual([5999, 5998, 5999])
  })

  test('of reads and of paths that do not exist ends in 429, and /health and /ready know none', async () => {
    const app = await start({ TRUST_PROXY: '1' })
    const flood = from('203.0.113.9')
    const seen = new Map<number, number>()
    let sent = 0
    const lane = async () => {
      while (sent < 6100) {
        const { status } = await get(app, sent++ % 2 ? '/' : '/nowhere', flood)
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: 16 }, lane))
    expect((seen.get(200) ?? 0) + (seen.get(404) ?? 0)).toBe(6000)
    expect(seen.get(429)).toBe(sent - 6000)
    for (const path of ['/health', '/ready']) {
      const reply = await get(app, path, flood)
      expect([reply.status, reply.headers.get('ratelimit-limit')]).toEqual([200, null])
    }
    expect((await get(app, '/', from('203.0.113.10'))).status).toBe(200)
  })

  test('of uploaded bytes counts what is announced, and refuses before a byte is read', async () => {
    const MIB = 1024 ** 2
    const app = await start({ USER_QUOTA_BYTES: String(512 * MIB) })
    const ann = await seedInto(app).user('ann')
    /** Announces an upload and sends nothing of it. */
    const announce = (bytes: number) =>
      new Promise<{ status: number | undefined; left: number }>(resolve => {
        const { hostname, port } = new URL(app.url)
        const upload = request({ hostname, port, method: 'POST', path: '/files/upload' })
        upload.setHeader('Authorization', `Bearer ${ann.token}`).setHeader('Content-Length', bytes)
        // Not a form: refused without waiting for it.
        upload.setHeader('Content-Type', 'text/plain')
        upload.on('error', () => {})
        upload.on('response', reply => {
          resolve({ status: reply.statusCode, left: Number(reply.headers['ratelimit-remaining']) })
          upload.destroy()
        })
        upload.flushHeaders()
      })
    expect((await announce(400 * MIB)).status).toBe(415)
    expect((await announce(400 * MIB)).status).toBe(415)
    expect(await announce(400 * MIB)).toEqual({ status: 429, left: 0 })
    // What was refused has taken nothing.
    expect((await announce(200 * MIB)).status).toBe(415)
    expect((await announce(200 * MIB)).status).toBe(429)
  })

  test('is not there when limits are off', async () => {
    const app = await start({ RATE_LIMITS: 'off' })
    expect((await get(app, '/')).headers.get('ratelimit-limit')).toBeNull()
  })
})

describe('whose address counts', () => {
  const left = async (app: TestApp, address?: string) =>
    rateLimit(await get(app, '/', address === undefined ? {} : from(address))).remaining

  test('a forged X-Forwarded-For moves nothing where no proxy is trusted', async () => {
    const app = await start({ TRUST_PROXY: '0' })
    const seen = [
      await left(app),
      await left(app, '192.0.2.1'),
      await left(app, '198.51.100.7, 192.0.2.2'),
      await left(app, '2001:db8::1'),
      await left(app, 'nonsense'),
    ]
    expect(seen).toEqual([5999, 5998, 5997, 5996, 5995])
  })

  test('behind one proxy what the client has put before it moves nothing', async () => {
    const app = await start({ TRUST_PROXY: '1' })
    expect(await left(app, '192.0.2.1')).toBe(5999)
    expect(await left(app, '198.51.100.7, 192.0.2.1')).toBe(5998)
    expect(await left(app, '203.0.113.5, 198.51.100.8, 192.0.2.1')).toBe(5997)
    // No address at all: the proxy's own is taken, not the words.
    expect([await left(app, 'one'), await left(app, 'two')]).toEqual([5999, 5998])
  })

  test('of IPv6 the /64 counts, and an IPv4 address is one however it is written', async () => {
    const app = await start({ TRUST_PROXY: '1' })
    const seen = []
    for (const address of ['2001:db8:0:7::1', '2001:DB8:0:0007:ffff:1:2:3', '2001:db8::7:0:0:0:9'])
      seen.push(await left(app, address))
    expect(seen).toEqual([5999, 5998, 5997])
    expect(await left(app, '2001:db8:0:8::1')).toBe(5999)
    expect([await left(app, '::1'), await left(app, '::')]).toEqual([5999, 5998])
    expect([await left(app, '192.0.2.77'), await left(app, '::ffff:192.0.2.77')]).toEqual([5999, 5998])
  })
})

describe('instances', () => {
  test('without Redis count each for itself', async () => {
    const app = await start({}, { backends: alone })
    const ann = await seedInto(app).user('ann')
    for (let times = 0; times < 10; times++) expect((await changePassword(app, ann)).status).toBe(401)
    expectProblem(await changePassword(app, ann), LIMITED)
  })

  describeWithRedis('with Redis', () => {
    const launch = async () => {
      const redis = await launchTestRedis(createLogger('silent'))
      if (!redis) throw new Error('there is a redis-server where this runs')
      undo.push(redis.stop)
      return redis
    }

    test('share what is left, and tell Redis no address', async () => {
      const redis = await launch()
      const first = await start({ REDIS_URL: redis.url })
      const second = await start(first.env)
      const ann = await seedInto(first).user('ann')
      const all = Array.from({ length: 20 }, (_, at) => changePassword(at % 2 ? first : second, ann))
      const statuses = (await Promise.all(all)).map(({ status }) => status).sort()
      expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(10).fill(429)])
      for (const app of [first, second]) expectProblem(await changePassword(app, ann), LIMITED)

      const client = createClient({ url: redis.url })
      await client.connect()
      undo.push(() => client.destroy())
      const keys = (await client.keys('*')).filter(key => key.includes('limit:'))
      expect(keys.length).toBeGreaterThan(2)
      for (const key of keys) {
        expect(key.startsWith(`${first.env.TABLE_PREFIX}v1:limit:`)).toBe(true)
        expect(key).not.toContain('127.0.0.1')
        expect(await client.ttl(key)).toBeGreaterThan(0)
      }
    })

    test('go on counting, each for itself, while it is away, and together when it is back', async () => {
      const redis = await launch()
      const app = await start({ REDIS_URL: redis.url })
      const [ann, bob] = await seedInto(app).users('ann', 'bob')
      for (let times = 0; times < 8; times++) await changePassword(app, ann)
      const pid = redis.pid()
      if (pid === undefined) throw new Error('it runs')
      process.kill(pid, 'SIGSTOP')
      undo.push(() => process.kill(pid, 'SIGCONT'))
      let allowed = 0
      for (let times = 0; times < 14; times++) if ((await changePassword(app, ann)).status === 401) allowed++
      expect(allowed).toBe(10)
      process.kill(pid, 'SIGCONT')
      const second = await start(app.env)
      /** What is left of the 600 writes that a user has in a minute. */
      const writes = async (through: TestApp) =>
        rateLimit(await post(through, '/posts', {}, { Authorization: `Bearer ${bob.token}` })).remaining
      await until(
        async () => (await writes(app)) - (await writes(second)),
        apart => apart === 1,
      )
    })

    test('need not have it at the start', async () => {
      const app = await start({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
      const ann = await seedInto(app).user('ann')
      for (let times = 0; times < 10; times++) expect((await changePassword(app, ann)).status).toBe(401)
      expectProblem(await changePassword(app, ann), LIMITED)
    })
  })
})

test('every limited operation says so in the document', async () => {
  const app = await start()
  const document = JSON.parse((await get(app, '/openapi.json')).text)
  const operations = Object.entries<Record<string, { responses: Record<string, object> }>>(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, it]) => ({ path, method, it })))
    .map(({ path, method, it }) => ({ name: `${method} ${path}`, limited: '429' in it.responses }))
  expect(operations.filter(({ limited }) => !limited).map(({ name }) => name)).toEqual([
    'get /health',
    'get /ready',
  ])
  expect(Object.keys(document.components.responses.Problem429.headers)).toEqual([
    'Retry-After',
    'RateLimit-Limit',
    'RateLimit-Remaining',
    'RateLimit-Reset',
  ])
})
