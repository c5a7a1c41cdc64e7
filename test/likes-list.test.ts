import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { requestsOf } from './support/database-requests.ts'
import { evict } from './support/evict.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

interface LikesPage {
  likes: { user: { user_id: string; name: string }; like_type: string; created_date: string }[]
  next_cursor: string | null
}

describe('lists of reactions', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser
  let people: SeededUser[]

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    ann = await seed.user('ann')
    people = await seed.users('bob', 'cleo', 'dan', 'eve', 'fay')
  })
  afterAll(() => app.close())

  const react = (user: SeededUser, post: SeededPost, like_type = 'like') =>
    as(app, user).put(`/posts/${post.post_id}/like`).send({ like_type }).expect(200)
  const likes = async (post: SeededPost, query: object = {}): Promise<LikesPage> =>
    (await anonymous(app).get(`/posts/${post.post_id}/likes`).query(query).expect(200)).body
  const names = ({ likes }: LikesPage) => likes.map(({ user }) => user.name)
  const mine = async (user: SeededUser, query: object = {}) => {
    const { body } = await as(app, user).get('/users/profile/likes').query(query).expect(200)
    return body as { posts: SeededPost[]; next_cursor: string | null }
  }
  /** All pages, one after the other. */
  const walked = async <P extends { next_cursor: string | null }>(page: (query: object) => Promise<P>) => {
    const all: P[] = []
    let cursor: string | null = null
    do {
      const read: P = await page(cursor === null ? {} : { cursor })
      all.push(read)
      cursor = read.next_cursor
    } while (cursor !== null)
    return all
  }

  test('of a post tell who, how and when, newest first', async () => {
    const post = await seed.post(ann)
    expect(await likes(post)).toEqual({ likes: [], next_cursor: null })
    for (const user of people) await react(user, post, user.name === 'dan' ? 'love' : 'like')
    const all = await likes(post)
    expect(all.next_cursor).toBeNull()
    expect(all.likes).toEqual(
      people.toReversed().map(({ user_id, name }) => ({
        user: { user_id, name },
        like_type: name === 'dan' ? 'love' : 'like',
        created_date: expect.stringMatching(TIME),
      })),
    )
  })

  test('of a post can be had of one type, and follow its changes', async () => {
    const post = await seed.post(ann)
    for (const user of people) await react(user, post, 'love')
    const [, cleo, , eve] = people
    if (!cleo || !eve) throw new Error('there are five')
    await react(eve, post, 'angry')
    await as(app, cleo).delete(`/posts/${post.post_id}/like`).expect(204)
    const of = async (like_type: string) => names(await likes(post, { like_type }))
    expect([await of('love'), await of('angry'), await of('like')]).toEqual([
      ['fay', 'dan', 'bob'],
      ['eve'],
      [],
    ])
    // Its place in the list is that of the first reaction; one that was taken back begins anew.
    expect(names(await likes(post))).toEqual(['fay', 'eve', 'dan', 'bob'])
    await react(cleo, post, 'laugh')
    expect(names(await likes(post))).toEqual(['cleo', 'fay', 'eve', 'dan', 'bob'])
  })

  test.each([
    [{}, ['fay', 'eve', 'dan', 'cleo', 'bob']],
    [{ like_type: 'love' }, ['fay', 'eve', 'cleo', 'bob']],
  ])('of a post are paged through without gap or repeat: %j', async (filter, expected) => {
    const post = await seed.post(ann)
    for (const user of people) await react(user, post, user.name === 'dan' ? 'laugh' : 'love')
    for (const limit of [1, 2, 4, 5]) {
      const pages = await walked(query => likes(post, { ...filter, limit, ...query }))
      expect(pages.flatMap(names)).toEqual(expected)
      expect(
        pages
          .map(page => page.likes.length)
          .slice(0, -1)
          .every(length => length === limit),
      ).toBe(true)
      expect(pages.at(-1)?.likes.length).toBeGreaterThan(0)
    }
  })

  test('go on after a reaction that is gone, and show what comes in between at most once', async () => {
    const post = await seed.post(ann)
    for (const user of people) await react(user, post)
    const first = await likes(post, { limit: 2 })
    expect(names(first)).toEqual(['fay', 'eve'])
    const [bob, , , eve] = people
    if (!bob || !eve) throw new Error('there are five')
    await as(app, eve).delete(`/posts/${post.post_id}/like`).expect(204)
    await react(ann, post)
    const rest = await likes(post, { cursor: first.next_cursor })
    expect(names(rest)).toEqual(['dan', 'cleo', 'bob'])
  })

  test('have cursors that are good for one post and one type only', async () => {
    const [post, other] = [await seed.post(ann), await seed.post(ann)]
    for (const user of people) await Promise.all([react(user, post), react(user, other)])
    const { next_cursor } = await likes(post, { limit: 2 })
    const refused = async (at: SeededPost, query: object) => {
      const { body } = await anonymous(app).get(`/posts/${at.post_id}/likes`).query(query).expect(400)
      expect(body.code).toBe('invalid_cursor')
    }
    await refused(other, { cursor: next_cursor })
    await refused(post, { cursor: next_cursor, like_type: 'like' })
    const typed = await likes(post, { limit: 2, like_type: 'like' })
    await refused(post, { cursor: typed.next_cursor })
    await refused(post, { cursor: typed.next_cursor, like_type: 'love' })
    await anonymous(app).get(`/posts/${post.post_id}/likes?like_type=hate`).expect(422)
  })

  test('of a viewer hold the posts, the newest reaction first, as that viewer sees them', async () => {
    const gil = await seed.user('gil')
    const posts = [await seed.post(ann), await seed.post(gil, { is_public: false }), await seed.post(ann)]
    expect(await mine(gil)).toEqual({ posts: [], next_cursor: null })
    const [a, b, c] = posts
    if (!a || !b || !c) throw new Error('there are three')
    await react(gil, c, 'love')
    await react(gil, a, 'laugh')
    await react(gil, b)
    await react(gil, c, 'angry')
    const { posts: shown, next_cursor } = await mine(gil)
    expect(next_cursor).toBeNull()
    expect(shown.map(post => [post.post_id, post.viewer])).toEqual([
      [b.post_id, { like_type: 'like', shared: false }],
      [a.post_id, { like_type: 'laugh', shared: false }],
      [c.post_id, { like_type: 'angry', shared: false }],
    ])
    expect(shown[1]).toMatchObject({ author: { user_id: ann.user_id, name: 'ann' }, likes_count: 1 })
    await as(app, gil).delete(`/posts/${a.post_id}/like`).expect(204)
    expect((await mine(gil)).posts.map(post => post.post_id)).toEqual([b.post_id, c.post_id])
    expect(await mine(await seed.user('gus'))).toEqual({ posts: [], next_cursor: null })
  })

  test('of a viewer leave out posts that are gone or hidden, and do not end early for them', async () => {
    const hal = await seed.user('hal')
    const posts: SeededPost[] = []
    for (let at = 0; at < 12; at++) {
      const post = await seed.post(ann)
      posts.push(post)
      await react(hal, post)
    }
    const kept = [0, 5, 11].map(at => posts[at]?.post_id ?? '')
    for (const [at, { post_id }] of posts.entries()) {
      if (kept.includes(post_id)) continue
      if (at % 2 === 0) await as(app, ann).delete(`/posts/${post_id}`).expect(204)
      else await as(app, ann).patch(`/posts/${post_id}`).send({ is_public: false }).expect(200)
    }
    for (const limit of [1, 2, 5, 20]) {
      const pages = await walked(query => mine(hal, { limit, ...query }))
      expect(pages.flatMap(page => page.posts.map(post => post.post_id))).toEqual(kept.toReversed())
    }
    await settled(app)
    const pages = await walked(query => mine(hal, { limit: 2, ...query }))
    expect(pages.flatMap(page => page.posts.map(post => post.post_id))).toEqual(kept.toReversed())
  })

  test('of a viewer have cursors of their own', async () => {
    const [ida, jon] = await seed.users('ida', 'jon')
    const posts = [await seed.post(ann), await seed.post(ann)]
    for (const post of posts) await Promise.all([react(ida, post), react(jon, post)])
    const { next_cursor } = await mine(ida, { limit: 1 })
    await as(app, jon).get('/users/profile/likes').query({ cursor: next_cursor }).expect(400)
  })

  describe('cost a fixed number of requests to the database', () => {
    test('of a post: one for the page, one for the names, whatever its length', async () => {
      const post = await seed.post(ann)
      for (const user of people) await react(user, post)
      await settled(app)
      for (const limit of [1, 5]) {
        await evict(app, `post:${post.post_id}`, ...people.map(({ user_id }) => `user:${user_id}`))
        const read = () => likes(post, { limit })
        expect(await requestsOf(app, read)).toEqual([
          'BatchGetItem Posts',
          'Query Reactions',
          'BatchGetItem Users',
        ])
        expect(await requestsOf(app, read)).toEqual(['Query Reactions'])
      }
    })

    test('of a viewer: 20 posts with their authors and the viewer’s own state', async () => {
      const kim = await seed.user('kim')
      const posts: SeededPost[] = []
      for (let at = 0; at < 20; at++) {
        const post = await seed.post(people[at % 5] ?? ann)
        posts.push(post)
        await react(kim, post, 'love')
      }
      await settled(app)
      const cold = async () => {
        const keys = posts.flatMap(({ post_id, user_id }) => [
          `post:${post_id}`,
          `user:${user_id}`,
          `viewer_state:${kim.user_id}:${post_id}`,
        ])
        await evict(app, ...new Set(keys))
      }
      await cold()
      const read = async () => expect((await mine(kim)).posts).toHaveLength(20)
      expect(await requestsOf(app, read)).toEqual([
        'Query UserReactions',
        'BatchGetItem Posts',
        'BatchGetItem Reactions,Shares,Users',
      ])
      expect(await requestsOf(app, read)).toEqual(['Query UserReactions'])
      await evict(app, ...posts.map(({ post_id }) => `post:${post_id}`))
      expect(await requestsOf(app, read)).toEqual(['Query UserReactions', 'BatchGetItem Posts'])
    })
  })
})
