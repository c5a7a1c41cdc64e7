import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { addresses, BEHIND_PROXY, recordedViews, view, viewsOf } from './support/views.ts'
import { page } from './support/walk.ts'
import { type DatabaseCall, forRequests, watchDatabase } from './support/watched-dynamo.ts'

const soon = { tally: { flushMs: 20 } }

describe('views of a post', () => {
  let app: TestApp
  let other: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser
  let bob: SeededUser
  const calls: DatabaseCall[] = []

  beforeAll(async () => {
    app = await startApp(BEHIND_PROXY, { ...soon, backends: watchDatabase(call => void calls.push(call)) })
    other = await startApp(app.env, soon)
    seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
  })
  afterAll(() => Promise.all([app.close(), other.close()]))

  const recorded = (post: { post_id: string }, count: number) =>
    until(
      () => recordedViews(app, post),
      seen => seen === count,
    )

  test('count once for each viewer, whoever they are, on every instance', async () => {
    const post = await seed.post(ann)
    expect(await viewsOf(app, post)).toBe(0)
    expect(await view(app, bob, post)).toBe(1)
    expect(await view(app, bob, post)).toBe(1)
    expect(await view(other, bob, post)).toBe(1)
    expect(await view(other, ann, post)).toBe(2)
    expect(await view(app, ann, post)).toBe(2)
    expect(await view(app, '203.0.113.9', post)).toBe(3)
    expect(await view(other, '203.0.113.9', post)).toBe(3)
    expect(await view(other, '203.0.113.10', post)).toBe(4)
    expect([await viewsOf(app, post), await viewsOf(other, post)]).toEqual([4, 4])
    await recorded(post, 4)
  })

  test('of another post count by themselves', async () => {
    const posts = [await seed.post(ann), await seed.post(ann)]
    for (const post of posts) expect(await view(app, bob, post)).toBe(1)
  })

  test.each([
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff:0:0:9', '2001:db8:1:3::1'],
    ['::ffff:198.51.100.1', '198.51.100.1', '198.51.100.2'],
    ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'],
    ['::1', '::2', '1::1'],
  ])('from %s and %s are of one subscriber, from %s of another', async (one, same, another) => {
    const post = await seed.post(ann)
    expect(await view(app, one, post)).toBe(1)
    expect(await view(app, same, post)).toBe(1)
    expect(await view(app, another, post)).toBe(2)
  })

  test('of two hundred at once, on two instances, are two hundred, each told a number of its own', async () => {
    const post = await seed.post(ann)
    const told = await Promise.all(
      addresses(200).map((address, at) => view(at % 2 === 0 ? app : other, address, post)),
    )
    expect(told.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1))
    await recorded(post, 200)
    expect([await viewsOf(app, post), await viewsOf(other, post)]).toEqual([200, 200])
  })

  test('by one viewer fifty times at once are one', async () => {
    const post = await seed.post(ann)
    await Promise.all(Array.from({ length: 50 }, (_, at) => view(at % 2 === 0 ? app : other, bob, post)))
    expect(await viewsOf(app, post)).toBe(1)
    await recorded(post, 1)
  })

  test('are 404 where the post cannot be seen, and count for its author where only they see it', async () => {
    const post = await seed.post(ann, { is_public: false })
    const url = `/posts/${post.post_id}/views`
    await anonymous(app).post(url).expect(404)
    await as(app, bob).post(url).expect(404)
    expect(await view(app, ann, post)).toBe(1)
    await anonymous(app).post('/posts/019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60/views').expect(404)
    await as(app, ann).delete(`/posts/${post.post_id}`).expect(204)
    await as(app, ann).post(url).expect(404)
  })

  test('are shown in lists too, and leave the cached post where it is', async () => {
    const post = await seed.post(ann, { tags: ['viewed'] })
    await evict(app, `post:${post.post_id}`, `user:${ann.user_id}`)
    await viewsOf(app, post)
    for (const address of addresses(3)) await view(app, address, post)
    await recorded(post, 3)
    calls.length = 0
    expect(await viewsOf(app, post)).toBe(3)
    expect(forRequests(calls)).toEqual([])
    const { posts } = await page(app, null, ann, { limit: 1 })
    expect(posts.map(({ views_count }) => views_count)).toEqual([3])
    // Nor does a view itself ask the database for anything.
    await view(app, '203.0.113.200', post)
    const asked = forRequests(calls).filter(({ method }) => method !== 'transact')
    expect(asked.map(({ tables }) => tables)).toEqual([['UserPosts']])
  })

  test('go with a post that is deleted before they are recorded, and hold up no others', async () => {
    const [gone, post] = [await seed.post(ann), await seed.post(ann)]
    for (const address of addresses(5))
      await Promise.all([view(app, address, gone), view(app, address, post)])
    await as(app, ann).delete(`/posts/${gone.post_id}`).expect(204)
    await recorded(post, 5)
    await anonymous(app).get(`/posts/${gone.post_id}`).expect(404)
    const { dynamo } = app.context.backends
    expect(await dynamo.get('Posts', { post_id: gone.post_id })).toBeUndefined()
  })

  test('are neither lost nor undone when the author changes the post meanwhile', async () => {
    const post = await seed.post(ann)
    const views = addresses(20).map(address => view(app, address, post))
    for (let time = 0; time < 5; time++)
      await as(app, ann)
        .patch(`/posts/${post.post_id}`)
        .send({ content: `${time}` })
        .expect(200)
    await Promise.all(views)
    await recorded(post, 20)
  })
})
