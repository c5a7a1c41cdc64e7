import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Backends } from '../src/infra/backends.ts'
import type { KeyValue } from '../src/infra/cache/key-value.ts'
import type { Dynamo } from '../src/infra/dynamo/dynamo.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { testHeavy } from './support/heavy.ts'
import { until } from './support/until.ts'

const Check = z.strictObject({
  status: z.enum(['ok', 'degraded', 'down', 'off']),
  latency_ms: z.number().min(0).nullable(),
})
const Ready = z.strictObject({
  status: z.enum(['ready', 'draining', 'unavailable']),
  checks: z.strictObject({ dynamodb: Check, storage: Check, redis: Check }),
})

/** Backends that can be taken away: calls to the database then hang, those to the cache are refused. */
const removable = () => {
  const away = { dynamo: Promise.resolve(), redis: false }

  const hanging = (dynamo: Dynamo): Dynamo => ({
    ...dynamo,
    get: (table, key) => away.dynamo.then(() => dynamo.get(table, key)),
    getMany: (table, keys) => away.dynamo.then(() => dynamo.getMany(table, keys)),
    query: (table, input) => away.dynamo.then(() => dynamo.query(table, input)),
    transact: writes => away.dynamo.then(() => dynamo.transact(writes)),
    ping: () => away.dynamo.then(() => dynamo.ping()),
  })
  /** Returns what lets the calls go on. */
  const hang = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    away.dynamo = promise
    return resolve
  }
  const refusing = (keyValue: KeyValue): KeyValue => {
    const unlessAway = <T>(work: () => Promise<T>) =>
      away.redis ? Promise.reject(new Error('no Redis')) : work()
    return {
      kind: keyValue.kind,
      getMany: keys => unlessAway(() => keyValue.getMany(keys)),
      set: (key, value, ttl) => unlessAway(() => keyValue.set(key, value, ttl)),
      setIfAbsent: (key, value, ttl) => unlessAway(() => keyValue.setIfAbsent(key, value, ttl)),
      increment: (key, by, floor, ttl) => unlessAway(() => keyValue.increment(key, by, floor, ttl)),
      ping: () => unlessAway(() => keyValue.ping()),
      close: () => keyValue.close(),
    }
  }
  const backends = (opened: Backends): Backends => ({
    ...opened,
    dynamo: hanging(opened.dynamo),
    keyValue: refusing(opened.keyValue),
  })
  return { away, hang, backends }
}

describe('what operators ask', () => {
  let app: TestApp
  const { away, hang, backends } = removable()

  beforeAll(async () => {
    app = await startApp({}, { backends })
  })
  afterAll(() => app.close())

  const get = (path: string) => exchange(app.url, { method: 'GET', path })
  const ready = async () => {
    const { status, text } = await get('/ready')
    return { http: status, ...Ready.parse(JSON.parse(text)) }
  }

  test('GET / says what this is and where it is described', async () => {
    const { status, text } = await get('/')
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { name: 'plaza', version: app.context.version, docs: '/docs' },
    ])
    expect((await get(JSON.parse(text).docs)).status).toBe(200)
  })

  test('/ready tells how each backend does', async () => {
    const { http, status, checks } = await until(ready, seen => seen.checks.redis.status === 'ok')
    expect([http, status]).toEqual([200, 'ready'])
    expect(checks).toEqual({
      dynamodb: { status: 'ok', latency_ms: expect.any(Number) },
      storage: { status: 'ok', latency_ms: expect.any(Number) },
      redis: { status: 'ok', latency_ms: expect.any(Number) },
    })
  })

  test('without Redis the service is ready and says that it is degraded', async () => {
    away.redis = true
    const { http, status, checks } = await until(ready, seen => seen.checks.redis.status !== 'ok')
    expect([http, status]).toEqual([200, 'ready'])
    expect(checks.redis).toEqual({ status: 'degraded', latency_ms: null })
    away.redis = false
    await until(ready, seen => seen.checks.redis.status === 'ok')
  })

  testHeavy('without an answer from DynamoDB it is unavailable, and says so in bounded time', async () => {
    const goOn = hang()
    const begun = performance.now()
    const { http, status, checks } = await until(ready, seen => seen.http !== 200)
    expect([http, status]).toEqual([503, 'unavailable'])
    expect(checks.dynamodb).toEqual({ status: 'down', latency_ms: null })
    expect(checks.redis.status).toBe('ok')
    expect(performance.now() - begun).toBeLessThan(10_000)
    goOn()
    await until(ready, seen => seen.http === 200)
  })

  test('/health asks nobody: it answers while no backend does', async () => {
    const goOn = hang()
    away.redis = true
    const { status, text } = await get('/health')
    expect(status).toBe(200)
    const body = JSON.parse(text)
    expect(body).toEqual({ status: 'ok', version: app.context.version, uptime_s: expect.any(Number) })
    expect(body.uptime_s).toBeGreaterThanOrEqual(0)
    goOn()
    away.redis = false
  })

  test('a hundred askers at once cost the backends no more than one', async () => {
    const replies = await Promise.all(Array.from({ length: 100 }, ready))
    expect(new Set(replies.map(reply => reply.checks.dynamodb.latency_ms)).size).toBeLessThanOrEqual(3)
  })

  // Nothing takes it back, so it comes last.
  test('an instance that is about to stop says that it is draining, at once', async () => {
    await until(ready, seen => seen.http === 200)
    app.context.readiness.drain()
    const { http, status, checks } = await ready()
    expect([http, status]).toEqual([503, 'draining'])
    expect(checks.dynamodb.status).toBe('ok')
    expect((await get('/health')).status).toBe(200)
  })
})
