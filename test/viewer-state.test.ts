import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { requestsOf } from './support/database-requests.ts'
import { evict } from './support/evict.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

describe('what a viewer did to a post', () => {
  let one: TestApp
  let two: TestApp
  let ann: SeededUser
  let bob: SeededUser

  beforeAll(async () => {
    one = await startApp()
    two = await startApp(one.env)
    ;[ann, bob] = await seedInto(one).users('ann', 'bob')
  })
  afterAll(async () => {
    await two.close()
    await one.close()
  })

  const state = async (app: TestApp, user: SeededUser, post: SeededPost) =>
    (await as(app, user).get(`/posts/${post.post_id}`).expect(200)).body.post.viewer
  const stateKey = (user: SeededUser, { post_id }: SeededPost) => `viewer_state:${user.user_id}:${post_id}`
  const counts = async (app: TestApp, post: SeededPost) => {
    const { body } = await as(app, ann).get(`/posts/${post.post_id}`).expect(200)
    return [body.post.likes_count, body.post.shares_count]
  }

  test('is what they see from then on, on every instance, also where the cache held something else', async () => {
    const post = await seedInto(one).post(ann)
    const url = `/posts/${post.post_id}`
    const steps = [
      ['put', `${url}/like`, { like_type: 'love' }, [1, 0], { like_type: 'love', shared: false }],
      ['put', `${url}/share`, undefined, [1, 1], { like_type: 'love', shared: true }],
      ['put', `${url}/like`, { like_type: 'angry' }, [1, 1], { like_type: 'angry', shared: true }],
      ['delete', `${url}/share`, undefined, [1, 0], { like_type: 'angry', shared: false }],
      ['delete', `${url}/like`, undefined, [0, 0], { like_type: null, shared: false }],
    ] as const
    for (let round = 0; round < 2; round++) {
      for (const [at, [method, path, body, after, viewer]] of steps.entries()) {
        const [here, there] = at % 2 === 0 ? [one, two] : [two, one]
        // The cache is full of what is about to be changed.
        await evict(one, `post:${post.post_id}`, stateKey(bob, post))
        await Promise.all([state(here, bob, post), state(there, bob, post)])
        const { status } = await as(here, bob)[method](path).send(body)
        expect([200, 204]).toContain(status)
        expect(await state(there, bob, post)).toEqual(viewer)
        expect(await state(here, bob, post)).toEqual(viewer)
        expect([await counts(one, post), await counts(two, post)]).toEqual([after, after])
      }
    }
  })

  test('is out of the cache already before it is written, in case the process dies right after', async () => {
    const post = await seedInto(one).post(ann)
    const keys = [stateKey(bob, post), `post:${post.post_id}`]
    const seen: (string | undefined)[] = []
    const backends = watchDatabase(async ({ method, tables }) => {
      if (method !== 'transact' || !tables.includes('Posts')) return
      const entries = await one.context.backends.keyValue.getMany(keys)
      seen.push(entries[0]?.at(0))
    })
    const watched = await startApp(one.env, { backends })
    for (const [method, what] of [
      ['put', 'like'],
      ['put', 'share'],
      ['delete', 'like'],
      ['delete', 'share'],
    ] as const) {
      await evict(one, ...keys)
      expect(await state(one, bob, post)).toBeDefined()
      const { status } = await as(watched, bob)[method](`/posts/${post.post_id}/${what}`)
      expect([200, 204]).toContain(status)
    }
    await watched.close()
    // A tombstone, in each case.
    expect(seen).toEqual(['t', 't', 't', 't'])
  })

  test('is nobody else’s', async () => {
    const post = await seedInto(one).post(ann)
    await as(one, bob).put(`/posts/${post.post_id}/like`).expect(200)
    await as(one, bob).put(`/posts/${post.post_id}/share`).expect(204)
    expect(await state(one, ann, post)).toEqual({ like_type: null, shared: false })
    expect(await state(one, bob, post)).toEqual({ like_type: 'like', shared: true })
  })

  test('is kept, nothing included, so that a warm page asks the database for no more than its list', async () => {
    const author = await seedInto(one).user('author')
    const posts: SeededPost[] = []
    for (let at = 0; at < 20; at++) posts.push(await seedInto(one).post(author))
    for (const { post_id } of posts.slice(0, 3)) await as(one, bob).put(`/posts/${post_id}/share`).expect(204)
    await settled(one)
    const keys = posts.flatMap(post => [`post:${post.post_id}`, stateKey(bob, post)])
    const page = (limit: number) => async () => {
      const { body } = await as(one, bob).get(`/users/${author.user_id}/posts?limit=${limit}`).expect(200)
      expect(body.posts).toHaveLength(limit)
    }
    for (const limit of [5, 20]) {
      await evict(one, ...keys, `user:${author.user_id}`)
      // The author stands there by the time at which the list is read.
      expect(await requestsOf(one, page(limit))).toEqual([
        'BatchGetItem Users',
        'Query UserPosts',
        'BatchGetItem Posts',
        'BatchGetItem Reactions,Shares',
      ])
      expect(await requestsOf(one, page(limit))).toEqual(['Query UserPosts'])
    }
    const { hits = 0, misses = 0 } = one.context.cache.stats().viewer_state ?? {}
    await page(20)()
    const after = one.context.cache.stats().viewer_state
    expect([after?.hits, after?.misses]).toEqual([hits + 20, misses])
    // One post alone is answered from the cache altogether.
    for (const post of posts.slice(0, 5))
      expect(await requestsOf(one, () => state(one, bob, post))).toEqual([])
  })
})
