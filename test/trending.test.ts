import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createLogger } from '../src/infra/logger.ts'
import { hourOf } from '../src/trending/decay.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { exchange } from './support/exchange.ts'
import { testHeavy } from './support/heavy.ts'
import { expectProblem } from './support/problems.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'
import { addresses, BEHIND_PROXY, view } from './support/views.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

const soon = { tally: { flushMs: 20 }, trends: { refreshMs: 20 } }
const HOUR = 3_600_000

const trending = async (app: TestApp, query = '', viewer?: SeededUser): Promise<SeededPost[]> => {
  const calls = viewer ? as(app, viewer) : anonymous(app)
  const { body } = await calls.get(`/posts/trending${query}`).expect(200)
  return body.posts
}

const idsOf = (posts: { post_id: string }[]) => posts.map(post => post.post_id)

/** Waits until these trend, in this order. */
const trends = (app: TestApp, posts: { post_id: string }[], query = '') =>
  until(
    async () => idsOf(await trending(app, query)),
    seen => JSON.stringify(seen) === JSON.stringify(idsOf(posts)),
  )

/** Writes down points of earlier hours, as the service itself has written them then. */
const earlier = (app: TestApp, all: [post: SeededPost, hoursAgo: number, points: number][]) =>
  app.context.backends.dynamo.writeMany(
    'Trends',
    all.map(([{ post_id }, ago, points]) => ({ hour: hourOf(Date.now() - ago * HOUR), post_id, points })),
    [],
  )

describe('what trends', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser
  let bob: SeededUser
  const opened: TestApp[] = []

  const start = async (...args: Parameters<typeof startApp>) => {
    const one = await startApp(...args)
    opened.push(one)
    return one
  }

  beforeAll(async () => {
    app = await start(BEHIND_PROXY, soon)
    seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
  })
  afterAll(() => Promise.all(opened.map(one => one.close())))

  test('is nothing where nothing has happened', async () => {
    const quiet = await start({}, soon)
    await seedInto(quiet).post(await seedInto(quiet).user('cleo'))
    expect(await trending(quiet)).toEqual([])
  })

  test('are the posts of which people make most, until they take it back', async () => {
    const world = await start({}, soon)
    const [cleo, dan, eve] = await seedInto(world).users('cleo', 'dan', 'eve')
    const of = () => seedInto(world).post(cleo)
    const [liked, said, shared, hidden] = [await of(), await of(), await of(), await of()]
    await as(world, cleo).patch(`/posts/${hidden.post_id}`).send({ is_public: false }).expect(200)
    await as(world, cleo).put(`/posts/${hidden.post_id}/share`).expect(204)
    await as(world, dan).put(`/posts/${liked.post_id}/like`).expect(200)
    await as(world, dan).put(`/posts/${liked.post_id}/like`).send({ like_type: 'love' }).expect(200)
    await as(world, dan).post(`/posts/${said.post_id}/comments`).send({ content: 'x' }).expect(201)
    await as(world, dan).put(`/posts/${shared.post_id}/share`).expect(204)
    await trends(world, [shared, said, liked])
    await as(world, dan).delete(`/posts/${shared.post_id}/share`).expect(204)
    await as(world, eve).put(`/posts/${liked.post_id}/like`).expect(200)
    await as(world, eve).post(`/posts/${liked.post_id}/comments`).send({ content: 'x' }).expect(201)
    await trends(world, [liked, said])
    for (const who of [dan, eve]) await as(world, who).delete(`/posts/${liked.post_id}/like`).expect(204)
    await as(world, dan).post(`/posts/${said.post_id}/comments`).send({ content: 'y' }).expect(201)
    await trends(world, [said, liked])
  })

  test('are the posts that are viewed most, on every instance, shown as anywhere else', async () => {
    const world = await start(BEHIND_PROXY, soon)
    const other = await start(world.env, soon)
    const cleo = await seedInto(world).user('cleo')
    const posts: SeededPost[] = []
    for (let n = 0; n < 3; n++) posts.push(await seedInto(world).post(cleo))
    const [least, most, none] = posts
    if (!least || !most || !none) throw new Error('three were written')
    await view(world, '198.51.100.1', least)
    for (const address of addresses(3)) await view(world, address, most)
    await trends(world, [most, least])
    await trends(other, [most, least])
    const { body } = await as(world, cleo).get(`/posts/${most.post_id}`).expect(200)
    expect((await trending(world, '?limit=1', cleo))[0]).toEqual(body.post)
    // Everything else can overtake at any time.
    for (const address of addresses(5, 10)) await view(other, address, none)
    await trends(world, [none, most, least])
    await trends(other, [none, most], '?limit=2')
  })

  test('depends on the timeframe: what is older than a quarter of it counts half', async () => {
    const world = await start(BEHIND_PROXY, soon)
    const cleo = await seedInto(world).user('cleo')
    const [now, today, week] = await Promise.all([0, 1, 2].map(() => seedInto(world).post(cleo)))
    if (!now || !today || !week) throw new Error('three were written')
    await earlier(world, [
      [now, 1, 100],
      [today, 12, 300],
      [week, 100, 3000],
      [week, 169, 1_000_000],
    ])
    // Another instance, which has not read those hours yet: its first readers get them all the same.
    const fresh = await start(world.env, { ...soon, trends: { refreshMs: HOUR } })
    expect(idsOf(await trending(fresh, '?timeframe_hours=168'))).toEqual(idsOf([week, today, now]))
    expect(idsOf(await trending(fresh, '?timeframe_hours=24'))).toEqual(idsOf([now, today]))
    expect(idsOf(await trending(fresh))).toEqual(idsOf([now, today]))
    expect(idsOf(await trending(fresh, '?timeframe_hours=4'))).toEqual(idsOf([now]))
    expect(idsOf(await trending(fresh, '?timeframe_hours=96'))).toEqual(idsOf([today, now]))
    // The first learns of what came late to an old hour too, once its turn has come.
    await trends(world, [week, today, now], '?timeframe_hours=168')
  })

  testHeavy(
    'leaves out what is private or gone, for its author too, and fills the page with others',
    async () => {
      const world = await start(BEHIND_PROXY, soon)
      const cleo = await seedInto(world).user('cleo')
      const posts: SeededPost[] = []
      for (let n = 0; n < 9; n++) posts.push(await seedInto(world).post(cleo))
      await earlier(
        world,
        posts.map((post, at) => [post, 1, 1000 - at]),
      )
      const best = (count: number, from: number) => posts.slice(from, from + count)
      await trends(world, best(2, 0), '?limit=2')
      for (const post of best(3, 0))
        await as(world, cleo).patch(`/posts/${post.post_id}`).send({ is_public: false }).expect(200)
      for (const post of best(3, 3)) await as(world, cleo).delete(`/posts/${post.post_id}`).expect(204)
      expect(idsOf(await trending(world, '?limit=2'))).toEqual(idsOf(best(2, 6)))
      expect(idsOf(await trending(world, '?limit=2', cleo))).toEqual(idsOf(best(2, 6)))
      expect(idsOf(await trending(world))).toEqual(idsOf(best(3, 6)))
      const [hidden] = posts
      if (!hidden) throw new Error('nine were written')
      await as(world, cleo).patch(`/posts/${hidden.post_id}`).send({ is_public: true }).expect(200)
      expect(idsOf(await trending(world, '?limit=2'))).toEqual(idsOf([hidden, ...best(1, 6)]))
    },
  )

  test('tells nothing of the views of a private post when it is shown later', async () => {
    const post = await seed.post(ann, { is_public: false })
    const shown = await seed.post(ann)
    await view(app, ann, post)
    await as(app, ann).patch(`/posts/${post.post_id}`).send({ is_public: true }).expect(200)
    await view(app, bob, shown)
    await trends(app, [shown])
  })

  testHeavy('is read without a request to the database, once it is known', async () => {
    const calls: DatabaseCall[] = []
    const world = await start(BEHIND_PROXY, {
      tally: { flushMs: 20 },
      trends: { refreshMs: HOUR },
      backends: watchDatabase(call => void calls.push(call)),
    })
    const cleo = await seedInto(world).user('cleo')
    const posts: SeededPost[] = []
    for (let n = 0; n < 20; n++) posts.push(await seedInto(world).post(cleo))
    await earlier(
      world,
      posts.map((post, at) => [post, 30, 100 + at]),
    )
    await evict(world, ...posts.map(post => `post:${post.post_id}`), `user:${cleo.user_id}`)
    expect(await trending(world, '?timeframe_hours=72')).toHaveLength(20)
    const asked = () => calls.filter(({ tables }) => !['Outbox', 'Revocations'].includes(tables.join()))
    const before = asked().length
    for (let time = 0; time < 5; time++) expect(await trending(world, '?timeframe_hours=72')).toHaveLength(20)
    expect(asked().slice(before)).toEqual([])
  })

  test.each([
    ['timeframe_hours=0', 'timeframe_hours'],
    ['timeframe_hours=169', 'timeframe_hours'],
    ['timeframe_hours=1.5', 'timeframe_hours'],
    ['timeframe_hours=-1', 'timeframe_hours'],
    ['timeframe_hours=day', 'timeframe_hours'],
    ['timeframe_hours=', 'timeframe_hours'],
    ['timeframe_hours=1&timeframe_hours=2', 'timeframe_hours'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=a', 'cursor'],
    ['hours=1', 'hours'],
  ])('%s is 422', async (query, name) => {
    const reply = await exchange(app.url, { method: 'GET', path: `/posts/trending?${query}` })
    const { errors } = expectProblem(reply, { status: 422, code: 'validation_failed' })
    expect(errors?.map(({ pointer }) => pointer)).toEqual([name])
  })

  test('is no post: other methods are 405', async () => {
    for (const method of ['DELETE', 'PATCH', 'POST']) {
      const reply = await exchange(app.url, { method, path: '/posts/trending' })
      expectProblem(reply, { status: 405, code: 'method_not_allowed' })
    }
  })
})

describeWithRedis('what trends, and the cache', () => {
  test('survives a Redis that loses everything, and one that is away', async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    const app = await startApp({ ...BEHIND_PROXY, REDIS_URL: redis.url }, soon)
    const inside = await createClient({ url: redis.url })
      .on('error', () => {})
      .connect()
    try {
      const ann = await seedInto(app).user('ann')
      const [one, other] = [await seedInto(app).post(ann), await seedInto(app).post(ann)]
      await view(app, '198.51.100.1', one)
      for (const address of addresses(3)) await view(app, address, other)
      await trends(app, [other, one])
      await inside.flushAll()
      expect(idsOf(await trending(app))).toEqual(idsOf([other, one]))
      const pid = redis.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      expect(idsOf(await trending(app))).toEqual(idsOf([other, one]))
      for (const address of addresses(5, 50)) await view(app, address, one)
      await trends(app, [one, other])
    } finally {
      inside.destroy()
      await app.close()
      await redis.stop()
    }
  })
})
