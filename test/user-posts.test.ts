import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { rounds, testHeavy } from './support/heavy.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { page, pages } from './support/walk.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
const ids = (posts: SeededPost[]) => posts.map(({ post_id }) => post_id)

describe("a user's posts", () => {
  let app: TestApp
  let second: TestApp
  let seed: ReturnType<typeof seedInto>
  let bob: SeededUser
  /** Has 45 posts, every third of them private. */
  let ann: SeededUser
  /** Newest first. */
  const written: SeededPost[] = []

  beforeAll(async () => {
    app = await startApp()
    second = await startApp(app.env)
    seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
    for (let at = 0; at < 45; at++) written.unshift(await seed.post(ann, { is_public: at % 3 !== 0 }))
  })
  afterAll(async () => {
    await second.close()
    await app.close()
  })

  const visible = () => written.filter(post => post.is_public)

  test('are shown newest first, all of them to their author, the public ones to others', async () => {
    expect(ids((await page(app, ann, ann, { limit: 100 })).posts)).toEqual(ids(written))
    for (const viewer of [bob, null]) {
      const { posts, next_cursor } = await page(app, viewer, ann, { limit: 100 })
      expect(ids(posts)).toEqual(ids(visible()))
      expect(next_cursor).toBeNull()
    }
  })

  test('look in the list as they look alone', async () => {
    for (const viewer of [ann, bob, null]) {
      const { posts } = await page(app, viewer, ann, { limit: 3 })
      for (const post of posts) {
        const calls = viewer ? as(app, viewer) : anonymous(app)
        expect((await calls.get(`/posts/${post.post_id}`).expect(200)).body.post).toEqual(post)
      }
    }
  })

  test('come twenty at a time when nothing else is asked for', async () => {
    const { posts, next_cursor } = await page(app, ann, ann)
    expect(ids(posts)).toEqual(ids(written.slice(0, 20)))
    expect(next_cursor).toEqual(expect.any(String))
  })

  test.each([
    [10, [10, 10, 10, 10, 5]],
    [15, [15, 15, 15]],
    [44, [44, 1]],
    [45, [45]],
    [100, [45]],
  ])(
    'are paged through in pages of %i, each once, and the last page says that it is the last',
    async (limit, sizes) => {
      for (const instance of [app, second]) {
        const shown = await pages(instance, ann, ann, limit)
        expect(shown.map(({ length }) => length)).toEqual(sizes)
        expect(shown.flat()).toEqual(ids(written))
      }
    },
  )

  testHeavy('are paged through by others in the same way', async () => {
    expect(await pages(app, bob, ann, 10)).toEqual(
      [0, 10, 20].map(from => ids(visible().slice(from, from + 10))),
    )
    expect((await pages(app, null, ann, 1)).flat()).toEqual(ids(visible()))
  })

  test('may be none', async () => {
    expect(await page(app, null, bob)).toEqual({ posts: [], next_cursor: null })
    expect(await page(app, bob, bob)).toEqual({ posts: [], next_cursor: null })
  })

  test('of a user who is not there are not found', async () => {
    for (const id of [NOBODY, 'ann', '__proto__']) {
      await anonymous(app).get(`/users/${id}/posts`).expect(404)
      await as(app, ann).get(`/users/${id}/posts`).expect(404)
    }
  })

  test.each([
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=ten',
    'limit=',
    'limit=5&limit=5',
    'offset=3',
  ])('are not listed for a query like %s', async query => {
    const { body } = await anonymous(app).get(`/users/${ann.user_id}/posts?${query}`).expect(422)
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ pointer: query.split('=')[0] }] })
  })

  test('are seen by their author in the very next read, on this instance and on another', async () => {
    const cleo = await seed.user('cleo')
    const own = [app, second].map(instance => as(instance, cleo))
    const apps = [app, second] as const
    for (let round = 0; round < rounds(50, 10); round++) {
      const here = apps[round % 2] ?? app
      const there = apps[Math.floor(round / 2) % 2] ?? app
      const post = await seedInto(here).post(cleo, { is_public: round % 5 !== 0 })
      expect(ids((await page(there, cleo, cleo)).posts)).toEqual([post.post_id])
      await evict(there, `post:${post.post_id}`, `user:${cleo.user_id}`)
      await page(there, cleo, cleo)
      const content = `Changed in round ${round}`
      await as(here, cleo).patch(`/posts/${post.post_id}`).send({ content }).expect(200)
      const { body } = await as(there, cleo).get(`/posts/${post.post_id}`).expect(200)
      expect(body.post.content).toBe(content)
      expect((await page(there, cleo, cleo)).posts[0]?.content).toBe(content)
      await as(here, cleo).delete(`/posts/${post.post_id}`).expect(204)
      expect(await page(there, cleo, cleo)).toEqual({ posts: [], next_cursor: null })
    }
    for (const calls of own) {
      expect((await calls.get('/users/profile').expect(200)).body.user.posts_count).toBe(0)
    }
  })
})
