import { afterEach, describe, expect, test } from '@jest/globals'
import { createCache } from '../src/infra/cache/cache.ts'
import { createMemoryKeyValue } from '../src/infra/cache/memory-key-value.ts'
import { createLogger } from '../src/infra/logger.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { busyAuthor } from './support/busy-author.ts'
import { describeHeavy } from './support/heavy.ts'
import { anonymous, seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe('the checker', () => {
  const open = (truth: Map<string, { n: number; views: number }>) => {
    const kv = createMemoryKeyValue()
    const lines: string[] = []
    const logger = createLogger('error', { write: line => void lines.push(line) })
    const cache = createCache({ kv, logger, checks: { share: 1, afterMs: [5, 20] } })
    undo.push(() => cache.close())
    const things = cache.of<string, { n: number; views: number }>('thing', {
      ttlSeconds: 60,
      load: async ids => new Map([...truth].filter(([id]) => ids.includes(id))),
      essence: ({ n }) => n,
    })
    return { kv, things, lines }
  }

  test('finds an entry that says something else than the database, says so, and drops it', async () => {
    const { kv, things, lines } = open(new Map([['a', { n: 1, views: 1 }]]))
    await things.drop('a')
    // What no write of ours can do: an old value in the place of the tombstone.
    await kv.set('thing:a', `v${JSON.stringify({ n: 0, views: 1 })}`, 60_000)
    expect(await things.get('a')).toEqual({ n: 0, views: 1 })
    await until(
      () => things.stats().inconsistencies,
      count => count > 0,
    )
    expect(await things.get('a')).toEqual({ n: 1, views: 1 })
    expect(lines.map(line => JSON.parse(line).key)).toContain('thing:a')
  })

  test('says nothing where they agree in what matters, or while a tombstone stands', async () => {
    const { kv, things, lines } = open(new Map([['a', { n: 1, views: 7 }]]))
    await things.drop('a')
    await things.drop('b')
    await kv.set('thing:a', `v${JSON.stringify({ n: 1, views: 1 })}`, 60_000)
    await until(
      () => things.stats().checks,
      checks => checks === 4,
    )
    expect(things.stats().inconsistencies).toBe(0)
    expect(lines).toEqual([])
  })
})

const sum = (app: TestApp, what: 'checks' | 'inconsistencies') =>
  Object.values(app.context.cache.stats()).reduce((total, stats) => total + stats[what], 0)

describeHeavy('under load', () => {
  describeWithRedis('with a Redis that is killed again and again', () => {
    test('no entry says something else than the database, a second or seven after a write', async () => {
      const redis = await launchTestRedis(createLogger('silent'))
      if (!redis) throw new Error('there is a redis-server where this runs')
      undo.push(redis.stop)
      // Past the tombstone, which stands for five seconds, the cache has been filled again.
      const parts = { checks: { share: 1, afterMs: [1_000, 7_000] } }
      const app = await startApp({ REDIS_URL: redis.url }, parts)
      undo.push(app.close)
      const other = await startApp(app.env, parts)
      undo.push(other.close)
      const authors = await seedInto(app).users('ann', 'bob', 'cleo', 'dan')
      const busy = authors.map((author, at) => busyAuthor(at % 2 === 0 ? app : other, author))
      for (let kill = 0; kill < 3; kill++) {
        await Promise.all(busy.map(author => author.go(10)))
        const pid = redis.pid()
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
        await until(
          () => [app, other].every(({ context }) => context.cache.status() === 'ok'),
          whole => whole,
          20_000,
        )
      }
      await Promise.all(busy.map(author => author.go(10)))
      await Promise.all(busy.map(author => author.stop()))
      // The checks that are still to come find what these reads fill the cache with.
      const due = performance.now() + 8_000
      await until(
        async () => {
          await Promise.all(
            authors.map(({ user_id }) => anonymous(other).get(`/users/${user_id}`).expect(200)),
          )
          return performance.now()
        },
        now => now > due,
        20_000,
      )
      expect(sum(app, 'checks') + sum(other, 'checks')).toBeGreaterThan(500)
      expect(busy.flatMap(author => author.faults)).toEqual([])
      const told = [...app.log(), ...other.log()].filter(line => line.level === 'error')
      expect(told).toEqual([])
      expect(sum(app, 'inconsistencies') + sum(other, 'inconsistencies')).toBe(0)
    }, 120_000)
  })
})
