import { afterEach, describe, expect, test } from '@jest/globals'
import { createLogger } from '../src/infra/logger.ts'
import { startApp } from './support/app.ts'
import { describeHeavy } from './support/heavy.ts'
import { type Seen, tellOutage } from './support/outage-story.ts'
import { type Line, startTcpProxy } from './support/tcp-proxy.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const proxyTo = async (url: string) => {
  const { hostname, port } = new URL(url)
  const proxy = await startTcpProxy({ hostname, port: Number(port) })
  undo.push(proxy.close)
  return proxy
}

/** Told by `/ready` and by the metrics: the database is given up. */
const databaseIsDown = async ({ ready, metric }: Seen) => {
  expect(await until(ready, ({ dynamodb }) => dynamodb === 'down')).toMatchObject({
    http: 503,
    status: 'unavailable',
    storage: 'ok',
  })
  await until(
    () => metric('plaza_breaker_open', { backend: 'dynamodb' }),
    open => open === 1,
  )
  expect(await metric('plaza_backend_errors_total', { backend: 'dynamodb' })).toBeGreaterThan(0)
}

const tellOfDatabase = async (line: Line, during: (seen: Seen) => Promise<void>) => {
  const proxy = await proxyTo(process.env.TEST_DYNAMODB_ENDPOINT ?? '')
  const app = await startApp({ DYNAMODB_ENDPOINT: `http://127.0.0.1:${proxy.port}` })
  undo.push(app.close)
  return tellOutage({
    app,
    begin: () => proxy.turn(line),
    during,
    end: () => proxy.turn({ kind: 'pass' }),
  })
}

describe('a line to the database', () => {
  test('that goes silent: who waits is told so in time, and all is well again when it is', async () => {
    await tellOfDatabase({ kind: 'half-open' }, databaseIsDown)
  })
})

describeHeavy('a line to the database', () => {
  const given = (line: Line) => [line.kind, line] as const

  test.each([
    given({ kind: 'cut' }),
    given({ kind: 'refuse' }),
    given({ kind: 'drip', bytesPerSecond: 100 }),
  ])('%s: refused in time', async (_kind, line) => {
    await tellOfDatabase(line, async seen => {
      await databaseIsDown(seen)
      await seen.answers(50)
    })
  })

  test('that is slow makes us slow, and nothing is refused', async () => {
    const heard = await tellOfDatabase({ kind: 'delay', ms: 100 }, async ({ ready, answers }) => {
      await answers(50)
      expect(await ready()).toMatchObject({ http: 200, dynamodb: 'ok' })
    })
    expect(heard.refused()).toBe(0)
  })

  test('that is too slow for what takes several steps: those are refused in time', async () => {
    const heard = await tellOfDatabase({ kind: 'delay', ms: 1000 }, ({ answers }) => answers(16))
    expect(heard.refused()).toBeGreaterThan(0)
  })
})

describeHeavy('a line to Redis', () => {
  const tell = async (line: Line, during: (seen: Seen) => Promise<void>) => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop)
    const proxy = await proxyTo(redis.url)
    const app = await startApp({ REDIS_URL: `redis://127.0.0.1:${proxy.port}`, RATE_LIMITS: 'on' })
    undo.push(app.close)
    return tellOutage({
      app,
      begin: () => proxy.turn(line),
      during,
      end: () => proxy.turn({ kind: 'pass' }),
      // It is missed by nobody.
      refused: [],
    })
  }

  const redisIsAway = async ({ ready, metric, answers }: Seen) => {
    expect(await until(ready, ({ redis }) => redis === 'degraded')).toMatchObject({
      http: 200,
      status: 'ready',
      dynamodb: 'ok',
    })
    await until(
      () => metric('plaza_cache_breaker_open'),
      open => open === 1,
    )
    await answers(40)
    expect(await metric('plaza_backend_errors_total', { backend: 'redis' })).toBeGreaterThan(0)
  }

  const lines: Line[] = [
    { kind: 'half-open' },
    { kind: 'cut' },
    { kind: 'refuse' },
    { kind: 'drip', bytesPerSecond: 20 },
  ]
  test.each(lines.map(line => [line.kind, line] as const))('%s: is missed by nobody', async (_kind, line) => {
    await tell(line, redisIsAway)
  })
})
