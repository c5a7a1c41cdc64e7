import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { walkFeed } from './support/feed.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

/** The ways in which a post comes into a feed: written out, read from its author, and what is past the kept rows. */
const WAYS = [
  { name: 'written out to followers', env: {}, parts: {} },
  { name: 'read from their authors', env: { FANOUT_MAX_FOLLOWERS: '0' }, parts: {} },
  { name: 'past the rows that are kept', env: {}, parts: { keptRows: 4 } },
]

describe.each(WAYS)('a feed of posts that are $name', ({ env, parts }) => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp(env, parts)
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const follow = (who: SeededUser, whom: SeededUser) =>
    as(app, who).put(`/users/${whom.user_id}/follow`).expect(204)
  const settled = () => until(app.context.outbox.waiting, waiting => waiting === 0)
  const feedOf = async (reader: SeededUser, limit = 3) => (await walkFeed(app, reader, limit)).flat()
  const ids = (posts: SeededPost[]) => posts.map(post => post.post_id).reverse()

  test('holds the own posts at once, private ones too', async () => {
    const ann = await seed.user('ann')
    expect(await feedOf(ann)).toEqual([])
    const posts: SeededPost[] = []
    for (let at = 0; at < 7; at++) {
      posts.push(await seed.post(ann, { is_public: at % 2 === 0 }))
      expect(await feedOf(ann)).toEqual(ids(posts))
    }
  })

  test('has the earlier posts of whom one follows at once, and new ones as they come', async () => {
    const [ann, bob, cleo] = await seed.users('ann', 'bob', 'cleo')
    const posts: SeededPost[] = []
    for (let at = 0; at < 6; at++) posts.push(await seed.post(at % 2 === 0 ? bob : cleo))
    await follow(ann, bob)
    await follow(ann, cleo)
    expect(await feedOf(ann)).toEqual(ids(posts))
    await settled()
    expect(await feedOf(ann)).toEqual(ids(posts))
    posts.push(await seed.post(bob), await seed.post(ann), await seed.post(cleo))
    await settled()
    expect(await feedOf(ann)).toEqual(ids(posts))
    expect(await feedOf(bob)).toEqual(ids(posts.filter(post => post.user_id === bob.user_id)))
  })

  test('loses what is deleted, hidden or no longer followed on the next read, and gets it back', async () => {
    const [ann, bob, cleo] = await seed.users('ann', 'bob', 'cleo')
    await follow(ann, bob)
    await follow(ann, cleo)
    const posts: SeededPost[] = []
    for (let at = 0; at < 8; at++) posts.push(await seed.post(at % 2 === 0 ? bob : cleo))
    await settled()
    const [gone, hidden] = posts
    if (!gone || !hidden) throw new Error('there are posts')
    const show = (is_public: boolean) =>
      as(app, cleo).patch(`/posts/${hidden.post_id}`).send({ is_public }).expect(200)

    await as(app, bob).delete(`/posts/${gone.post_id}`).expect(204)
    await show(false)
    expect(await feedOf(ann)).toEqual(ids(posts.slice(2)))
    await show(true)
    await settled()
    expect(await feedOf(ann)).toEqual(ids(posts.slice(1)))

    await as(app, ann).delete(`/users/${cleo.user_id}/follow`).expect(204)
    const ofBob = posts.slice(2).filter(post => post.user_id === bob.user_id)
    expect(await feedOf(ann)).toEqual(ids(ofBob))
    await follow(ann, cleo)
    expect(await feedOf(ann)).toEqual(ids(posts.slice(1)))
    await settled()
    expect(await feedOf(ann)).toEqual(ids(posts.slice(1)))
  })

  test('shows posts as the reader may see them, with their authors, as any list does', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await follow(ann, bob)
    const post = await seed.post(bob, { tags: ['x'] })
    await settled()
    const { body, headers } = await as(app, ann).get('/feed').expect(200)
    const { body: single } = await as(app, ann).get(`/posts/${post.post_id}`).expect(200)
    expect(body).toEqual({ posts: [single.post], next_cursor: null })
    expect(headers['cache-control']).toBe('private, no-cache')
    await anonymous(app).get('/feed').expect(401)
  })

  test("takes no cursor of somebody else's", async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await seed.post(ann)
    await seed.post(ann)
    const { body } = await as(app, ann).get('/feed?limit=1').expect(200)
    await as(app, ann).get('/feed').query({ cursor: body.next_cursor }).expect(200)
    const refused = await as(app, bob).get('/feed').query({ cursor: body.next_cursor }).expect(400)
    expect(refused.body.code).toBe('invalid_cursor')
  })

  test('is seen on another instance as it is here', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    const other = await startApp(app.env, parts)
    try {
      await follow(ann, bob)
      const posts: SeededPost[] = []
      for (let at = 0; at < 6; at++) {
        posts.push(await seedInto(at % 2 === 0 ? app : other).post(bob))
        await settled()
        expect((await walkFeed(other, ann, 2)).flat()).toEqual(ids(posts))
        expect(await feedOf(ann)).toEqual(ids(posts))
      }
    } finally {
      await other.close()
    }
  })
})
