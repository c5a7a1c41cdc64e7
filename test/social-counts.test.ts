import { afterEach, expect, test } from '@jest/globals'
import { createLogger } from '../src/infra/logger.ts'
import { startApp, type TestApp } from './support/app.ts'
import { describeHeavy } from './support/heavy.ts'
import { countsOf, countsOfRows } from './support/post-counts.ts'
import { anonymous, as, type SeededPost, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'
import { at, SOCIAL_ACTIONS, type SocialWorld } from './support/social-actions.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'
import { edgeCountsOf, edgeCountsOfRows } from './support/user-counts.ts'

const CLIENTS = 200
const SECONDS = Number(process.env.SOCIAL_SECONDS ?? 20)
/** Not there any more, or never was: an honest answer to who was too late. */
const EXPECTED = [200, 201, 204, 404, 422]

describeHeavy(`${CLIENTS} clients racing for ${SECONDS} s on a handful of posts and users`, () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  const cacheIsBack = (app: TestApp) =>
    until(
      () => app.context.cache.status(),
      status => status === 'ok',
      30_000,
    )

  const shown = async (app: TestApp, post: SeededPost) => {
    const { body } = await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
    const { reactions, likes_count, shares_count, comments_count } = body.post
    return { ...reactions, likes_count, shares_count, comments_count }
  }

  test('leave every count equal to its rows, with Redis killed in between, and nothing fails', async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop)
    const one = await startApp({ REDIS_URL: redis.url })
    undo.push(one.close)
    const two = await startApp(one.env)
    undo.push(two.close)
    const seed = seedInto(one)
    const users = await seed.users('ann', 'bob', 'cleo', 'dan', 'eve', 'fay')
    const posts = await Promise.all(users.slice(0, 4).map(user => seed.post(user)))
    const world: SocialWorld = { users, posts, comments: [] }

    const actions = Object.entries(SOCIAL_ACTIONS)
    const statuses: Record<string, number> = {}
    const faults: string[] = []
    const end = Date.now() + SECONDS * 1000
    let kills = 0
    const act = async (app: TestApp, random: number) => {
      const [name, action] = at(actions, random)
      const reply = await action(app, world, at(users, Math.floor(random / 20)), Math.floor(random / 200))
      const outcome = `${name} ${reply.status}`
      statuses[outcome] = (statuses[outcome] ?? 0) + 1
      if (!EXPECTED.includes(reply.status)) faults.push(`${outcome}: ${reply.text}`)
    }
    const client = async (number: number) => {
      for (let turn = number; Date.now() < end; turn++)
        await act(at([one, two], turn), Math.floor(Math.random() * 1e9))
    }
    const killing = async () => {
      for (const moment of [1 / 4, 1 / 2, 3 / 4]) {
        await until(
          () => Date.now(),
          now => now > end - SECONDS * 1000 * (1 - moment),
          SECONDS * 1000,
        )
        const pid = redis.pid()
        if (pid === undefined) continue
        process.kill(pid, 'SIGKILL')
        kills++
      }
    }
    await Promise.all([killing(), ...Array.from({ length: CLIENTS }, (_, number) => client(number))])

    expect(faults).toEqual([])
    expect(kills).toBeGreaterThan(1)
    // Each of them got through now and then.
    const done = Object.keys(statuses).filter(outcome => / 20\d$/.test(outcome))
    const names = new Set(done.map(outcome => outcome.split(' ')[0]))
    expect([...names].sort()).toEqual(Object.keys(SOCIAL_ACTIONS).sort())

    await Promise.all([one, two].map(cacheIsBack))
    await settled(one)
    for (const post of posts) {
      const [told, counted] = [await countsOf(one, post), await countsOfRows(one, post)]
      expect(told).toEqual(counted)
      expect(Object.values(told).filter(count => count < 0)).toEqual([])
      for (const app of [one, two]) expect(await shown(app, post)).toEqual(counted)
    }
    const edges = await edgeCountsOfRows(one, users)
    for (const user of users) expect(await edgeCountsOf(one, user)).toEqual(edges.get(user.user_id))
    expect(await one.context.outbox.dead()).toEqual([])
    // And when it is all taken away again nothing is left.
    for (const [at, post] of posts.entries())
      await as(one, users[at] ?? users[0])
        .delete(`/posts/${post.post_id}`)
        .expect(204)
    await settled(one)
    for (const post of posts)
      expect(Object.values(await countsOfRows(one, post)).filter(count => count !== 0)).toEqual([])
  }, 180_000)
})
