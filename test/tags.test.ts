import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { allTagged, tagged } from './support/tagged.ts'
import { type DatabaseCall, forRequests, watchDatabase } from './support/watched-dynamo.ts'

describe('posts by their tags', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser
  let bob: SeededUser
  const calls: DatabaseCall[] = []

  beforeAll(async () => {
    app = await startApp({}, { backends: watchDatabase(call => void calls.push(call)) })
    seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
  })
  afterAll(() => app.close())

  const idsOf = (posts: { post_id: string }[]) => posts.map(post => post.post_id)
  const patch = (author: SeededUser, post: SeededPost, changes: object) =>
    as(app, author).patch(`/posts/${post.post_id}`).send(changes).expect(200)

  test('are those that carry all of them, of whomever, newest first', async () => {
    const both = await seed.post(ann, { tags: ['sea', 'sun'] })
    const sea = await seed.post(bob, { tags: ['sea'] })
    const all = await seed.post(bob, { tags: ['sun', 'sand', 'sea'] })
    const sun = await seed.post(ann, { tags: ['sun'] })

    expect(await allTagged(app, ['sea'])).toEqual(idsOf([all, sea, both]))
    expect(await allTagged(app, ['sun'])).toEqual(idsOf([sun, all, both]))
    expect(await allTagged(app, ['sea', 'sun'])).toEqual(idsOf([all, both]))
    expect(await allTagged(app, ['sand', 'sun', 'sea', 'sun'])).toEqual(idsOf([all]))
    expect(await allTagged(app, ['sea', 'snow'])).toEqual([])
    expect(await allTagged(app, ['snow'])).toEqual([])
  })

  test('are shown as anywhere else: with their author, and to a viewer with their own state', async () => {
    const post = await seed.post(ann, { tags: ['shown'] })
    const { body } = await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
    expect((await tagged(app, ['shown'])).posts).toEqual([body.post])
    const { posts } = await tagged(app, ['shown'], { viewer: bob })
    expect(posts).toEqual([{ ...body.post, viewer: { like_type: null, shared: false } }])
  })

  test('are there at once for whoever wrote, changed, hid, showed or deleted them', async () => {
    const tags = ['once', 'twice']
    const post = await seed.post(ann, { tags })
    const others = await seed.post(bob, { tags })
    const expected = async (first: string[], second: string[]) => {
      expect(await allTagged(app, ['once'], { viewer: ann })).toEqual(first)
      expect(await allTagged(app, ['twice'], { viewer: ann })).toEqual(second)
      expect(await allTagged(app, tags)).toEqual(first.filter(id => second.includes(id)))
    }
    const [both, one] = [idsOf([others, post]), idsOf([others])]
    await expected(both, both)
    await patch(ann, post, { tags: ['twice', 'thrice'] })
    await expected(one, both)
    expect(await allTagged(app, ['thrice'])).toEqual([post.post_id])
    await patch(ann, post, { tags, content: 'Again' })
    await expected(both, both)
    // Hidden it is in no list by tag, not even in its author's.
    await patch(ann, post, { is_public: false })
    await expected(one, one)
    await patch(ann, post, { tags: ['twice'] })
    await expected(one, one)
    await patch(ann, post, { is_public: true })
    await expected(one, both)
    await patch(ann, post, { tags: ['once'], is_public: false })
    await patch(ann, post, { tags, is_public: true })
    await expected(both, both)
    await as(app, ann).delete(`/posts/${post.post_id}`).expect(204)
    await expected(one, one)
  })

  test('leave no row behind when they are hidden or gone', async () => {
    const rows = async (tag: string) => {
      const { dynamo } = app.context.backends
      const { items } = await dynamo.query('PostTags', {
        KeyConditionExpression: 'tag = :tag',
        ExpressionAttributeValues: { ':tag': tag },
        ConsistentRead: true,
      })
      return items.length
    }
    const [hidden, gone, bare] = await Promise.all([
      seed.post(ann, { tags: ['trace'] }),
      seed.post(ann, { tags: ['trace'] }),
      seed.post(ann, { tags: ['trace'] }),
    ])
    expect(await rows('trace')).toBe(3)
    await patch(ann, hidden, { is_public: false })
    await as(app, ann).delete(`/posts/${gone.post_id}`).expect(204)
    await patch(ann, bare, { tags: [] })
    expect(await rows('trace')).toBe(0)
  })

  test('stay as they are when ten change them at once', async () => {
    const post = await seed.post(ann, { tags: ['start'] })
    const changes = Array.from({ length: 10 }, (_, at) => ({ tags: [`race${at}`], is_public: at % 3 > 0 }))
    await Promise.all(changes.map(change => as(app, ann).patch(`/posts/${post.post_id}`).send(change)))
    const { body } = await as(app, ann).get(`/posts/${post.post_id}`).expect(200)
    const { tags, is_public } = body.post
    for (const tag of ['start', ...changes.flatMap(change => change.tags)]) {
      const there = is_public && tags.includes(tag)
      expect([tag, await allTagged(app, [tag])]).toEqual([tag, there ? [post.post_id] : []])
    }
  })

  test.each([
    ['in other letters', 'Straße', 'STRAßE'],
    ['composed or compatible', 'Ångström', '\u212bngstr\u00f6m'],
    ['with a letter that comes apart', 'İstanbul', 'istanbul'],
    ['of another script', '東京', '東京'],
    ['with what a URL has a meaning for', 'a-b_c', 'A-B_C'],
  ])('are found by a tag %s', async (_how, written, asked) => {
    const post = await seed.post(ann, { tags: [written] })
    expect(await allTagged(app, [asked])).toEqual([post.post_id])
    expect(await allTagged(app, [asked, written])).toEqual([post.post_id])
  })

  test.each([
    ['', 'no tag'],
    ['tag=', 'an empty one'],
    ['tag', 'one without a value'],
    ['tag=two%20words', 'two words'],
    ['tag=a&tag=', 'an empty one beside another'],
    ['tag=a,b', 'two in one'],
    ['tag=e%CC%81', 'a letter and a mark'],
    ['tag=%F0%9F%98%80', 'a smile'],
    [`tag=${'a'.repeat(51)}`, 'one that is too long'],
    [Array.from({ length: 11 }, (_, at) => `tag=t${at}`).join('&'), 'eleven'],
  ])('%s is 422: %s', async query => {
    const reply = await exchange(app.url, { method: 'GET', path: `/posts?${query}` })
    const { errors } = expectProblem(reply, { status: 422, code: 'validation_failed' })
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['tag'])
  })

  test('ten tags are taken, in any order and more than once', async () => {
    const tags = Array.from({ length: 10 }, (_, at) => `ten${at}`)
    const posts = [await seed.post(ann, { tags }), await seed.post(bob, { tags: tags.toReversed() })]
    expect(await allTagged(app, tags, { limit: 1 })).toEqual(idsOf(posts).reverse())
  })

  test('a cursor is good for the same tags in any order, and for no others', async () => {
    for (let n = 0; n < 3; n++) await seed.post(ann, { tags: ['page', 'turn'] })
    const { next_cursor } = await tagged(app, ['page', 'turn'], { limit: 1 })
    const { posts } = await tagged(app, ['TURN', 'page', 'turn'], { cursor: next_cursor })
    expect(posts).toHaveLength(2)
    const cursor = encodeURIComponent(next_cursor ?? '')
    for (const tags of ['tag=page', 'tag=turn', 'tag=page&tag=turn&tag=sea', 'tag=pageturn']) {
      const reply = await exchange(app.url, { method: 'GET', path: `/posts?${tags}&cursor=${cursor}` })
      expectProblem(reply, { status: 400, code: 'invalid_cursor' })
    }
  })

  test('a page takes as many requests for twenty posts as for one, and one warm', async () => {
    const posts: SeededPost[] = []
    for (let n = 0; n < 20; n++) posts.push(await seed.post(n % 2 === 0 ? ann : bob, { tags: ['costs'] }))
    const keys = [...posts.map(post => `post:${post.post_id}`), `user:${ann.user_id}`, `user:${bob.user_id}`]
    const cost = async (limit: number) => {
      calls.length = 0
      expect((await tagged(app, ['costs'], { limit })).posts).toHaveLength(limit)
      return forRequests(calls).map(({ method, tables }) => `${method} ${tables}`)
    }
    const cold = ['page PostTags', 'getMany Posts', 'getMany Users']
    await evict(app, ...keys)
    expect(await cost(1)).toEqual(cold)
    await evict(app, ...keys)
    expect(await cost(20)).toEqual(cold)
    expect(await cost(20)).toEqual(['page PostTags'])
  })
})
