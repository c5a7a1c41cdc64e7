import { afterEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createClient } from 'redis'
import { createLogger } from '../src/infra/logger.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'
import { addresses, BEHIND_PROXY, recordedViews, view, viewsOf } from './support/views.ts'

describeWithRedis('views while the cache gets lost', () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  /** Two instances over a Redis of their own, and a way to look into that. */
  const started = async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop)
    const parts = { tally: { flushMs: 30 } }
    const app = await startApp({ ...BEHIND_PROXY, REDIS_URL: redis.url }, parts)
    undo.push(app.close)
    const other = await startApp(app.env, parts)
    undo.push(other.close)
    const inside = await createClient({ url: redis.url })
      .on('error', () => {})
      .connect()
    undo.push(() => inside.destroy())
    return { redis, instances: [app, other] as const, inside, seed: seedInto(app) }
  }

  const everywhere = (instances: readonly TestApp[], post: { post_id: string }, count: number) =>
    until(
      () => Promise.all(instances.map(instance => viewsOf(instance, post))),
      seen => seen.every(one => one === count),
    )

  test('what an instance shows never goes down and never tells of more than there were; in the end all know all', async () => {
    const { instances, inside, seed } = await started()
    const ann = await seed.user('ann')
    let viewers = 0
    const step = fc.record({
      what: fc.constantFrom('view', 'view', 'views', 'lose all', 'lose the post', 'lose the count', 'pause'),
      where: fc.nat(1),
    })
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async steps => {
      const post = await seed.post(ann)
      let views = 0
      const shown = [0, 0]
      const look = async () => {
        for (const [at, instance] of instances.entries()) {
          const seen = await viewsOf(instance, post)
          expect(seen).toBeGreaterThanOrEqual(shown[at] ?? 0)
          expect(seen).toBeLessThanOrEqual(views)
          shown[at] = seen
        }
      }
      const work: Record<string, (app: TestApp) => Promise<unknown>> = {
        view: app => {
          views++
          return view(app, addresses(1, viewers++).join(), post)
        },
        views: app => {
          views += 5
          viewers += 5
          return Promise.all(addresses(5, viewers - 5).map(address => view(app, address, post)))
        },
        'lose all': () => inside.flushAll(),
        'lose the post': app => evict(app, `post:${post.post_id}`),
        'lose the count': app => evict(app, `post_views:${post.post_id}`),
        pause: app =>
          until(
            () => recordedViews(app, post),
            seen => seen === views,
          ),
      }
      for (const { what, where } of steps) {
        await work[what]?.(instances[where === 0 ? 0 : 1])
        await look()
      }
      await until(
        () => recordedViews(instances[0], post),
        seen => seen === views,
      )
      await evict(instances[0], `post:${post.post_id}`)
      await everywhere(instances, post, views)
    })
    await fc.assert(property, { numRuns: 8 })
  }, 60_000)

  test('with Redis away they are counted all the same, once for each viewer, and nothing fails', async () => {
    const { redis, instances, seed } = await started()
    const [app, other] = instances
    const [ann, bob] = await seed.users('ann', 'bob')
    const post = await seed.post(ann)
    expect(await view(app, bob, post)).toBe(1)
    const pid = redis.pid()
    if (pid !== undefined) process.kill(pid, 'SIGKILL')

    // Who has counted here before does not count again.
    expect(await view(app, bob, post)).toBe(1)
    for (const [at, address] of addresses(10).entries()) expect(await view(app, address, post)).toBe(at + 2)
    expect(await view(app, bob, post)).toBe(11)
    for (const address of addresses(5, 100)) await view(other, address, post)
    await until(
      () => recordedViews(app, post),
      seen => seen === 16,
    )
    await everywhere(instances, post, 16)
    await until(
      () => instances.map(instance => instance.context.cache.status()),
      seen => seen.every(status => status === 'ok'),
      20_000,
    )
    await everywhere(instances, post, 16)
    expect(await view(app, '203.0.113.77', post)).toBe(17)
    expect(await viewsOf(other, post)).toBe(17)
    for (const instance of instances) {
      const failed = instance.log().filter(line => line.msg === 'request' && Number(line.status) >= 500)
      expect(failed).toEqual([])
    }
  }, 60_000)

  test('Redis holds nobody by their name or address, and nothing for ever', async () => {
    const { instances, inside, seed } = await started()
    const [ann, bob] = await seed.users('ann', 'bob')
    const post = await seed.post(ann)
    await view(instances[0], bob, post)
    await view(instances[0], '198.51.100.7', post)
    const keys = (await inside.keys('*')).filter(key => key.includes(post.post_id))
    expect(keys.filter(key => key.includes('viewed:'))).toHaveLength(2)
    expect(keys.filter(key => key.includes('post_views:'))).toHaveLength(1)
    expect(keys.filter(key => key.includes(bob.user_id) || key.includes('198.51'))).toEqual([])
    for (const key of keys) {
      const hours = key.includes('post_views:') ? 2 : 1
      const ttl = await inside.ttl(key)
      expect([key, ttl > 0 && ttl <= hours * 3600]).toEqual([key, true])
    }
  })
})
