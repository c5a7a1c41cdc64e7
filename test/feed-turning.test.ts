import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { UserRecord } from '../src/users/user.ts'
import { startApp, type TestApp } from './support/app.ts'
import { walkFeed } from './support/feed.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

describe('an author who comes to have more followers than posts are written out to', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp({ FANOUT_MAX_FOLLOWERS: '3' })
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const settled = () => until(app.context.outbox.waiting, waiting => waiting === 0)
  const follow = (who: SeededUser, whom: SeededUser) =>
    as(app, who).put(`/users/${whom.user_id}/follow`).expect(204)
  const rowsOf = async (post: SeededPost) => {
    let rows = 0
    for await (const row of app.context.backends.dynamo.scan<{ post_id: string }>('Feeds'))
      if (row.post_id === post.post_id) rows++
    return rows
  }

  test('is read from their own list from then on, and no follower misses or doubles a post', async () => {
    const [star, ...fans] = await seed.users('star', 'a', 'b', 'c', 'd', 'e', 'f')
    const posts: SeededPost[] = [await seed.post(star)]
    const seen = async (fan: SeededUser) => (await walkFeed(app, fan, 3)).flat()
    const expected = () => posts.map(post => post.post_id).reverse()

    for (const [at, fan] of fans.entries()) {
      // Posting and following at the same time, across the moment at which it turns.
      const [post] = await Promise.all([seed.post(star), follow(fan, star)])
      posts.push(post)
      await settled()
      for (const other of fans.slice(0, at + 1)) expect(await seen(other)).toEqual(expected())
    }
    const { dynamo } = app.context.backends
    const record = await dynamo.get<UserRecord>('Users', { user_id: star.user_id })
    expect(record).toMatchObject({ fanout: 'read', followers_count: 6 })

    const late = await seed.post(star)
    posts.push(late)
    await settled()
    expect(await rowsOf(late)).toBe(0)
    for (const fan of fans) expect(await seen(fan)).toEqual(expected())

    const [first] = fans
    if (!first) throw new Error('there are fans')
    await as(app, first).delete(`/users/${star.user_id}/follow`).expect(204)
    expect(await seen(first)).toEqual([])
    await follow(first, star)
    expect(await seen(first)).toEqual(expected())
  })
})

describe('a feed that has grown long', () => {
  test('keeps about as many rows as it is to keep, and can be walked to its end', async () => {
    const app = await startApp({}, { keptRows: 10 })
    try {
      const seed = seedInto(app)
      const [ann, bob] = await seed.users('ann', 'bob')
      await as(app, ann).put(`/users/${bob.user_id}/follow`).expect(204)
      const posts: SeededPost[] = []
      for (let at = 0; at < 60; at++) posts.push(await seed.post(bob))
      await until(app.context.outbox.waiting, waiting => waiting === 0)
      let rows = 0
      for await (const _ of app.context.backends.dynamo.scan('Feeds')) rows++
      // The horizon is one of them, and a few come in between two looks.
      expect(rows).toBeLessThan(10 * 1.25 + 20)
      expect((await walkFeed(app, ann, 7)).flat()).toEqual(posts.map(post => post.post_id).reverse())
    } finally {
      await app.close()
    }
  })
})
