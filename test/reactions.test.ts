import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { rowsOf } from './support/rows.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
const NONE = { like: 0, love: 0, laugh: 0, angry: 0 }

describe('reactions', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser
  let bob: SeededUser

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
  })
  afterAll(() => app.close())

  const likeOf = ({ post_id }: Pick<SeededPost, 'post_id'>) => `/posts/${post_id}/like`
  const react = (user: SeededUser, post: SeededPost, like_type?: string) =>
    as(app, user)
      .put(likeOf(post))
      .send(like_type === undefined ? {} : { like_type })
      .expect(200)
  const read = async (post: SeededPost, user?: SeededUser) => {
    const calls = user ? as(app, user) : anonymous(app)
    const { body } = await calls.get(`/posts/${post.post_id}`).expect(200)
    const { likes_count, reactions, viewer } = body.post
    return { likes_count, reactions, viewer }
  }

  test('are counted by their type, and told to who has reacted', async () => {
    const post = await seed.post(ann)
    const first = await react(bob, post, 'love')
    expect(first.body).toEqual({ like_type: 'love', likes_count: 1, reactions: { ...NONE, love: 1 } })
    const second = await react(ann, post)
    expect(second.body).toEqual({
      like_type: 'like',
      likes_count: 2,
      reactions: { ...NONE, love: 1, like: 1 },
    })
    const counts = { likes_count: 2, reactions: { ...NONE, love: 1, like: 1 } }
    expect(await read(post, bob)).toEqual({ ...counts, viewer: { like_type: 'love', shared: false } })
    expect(await read(post, ann)).toEqual({ ...counts, viewer: { like_type: 'like', shared: false } })
    expect(await read(post)).toEqual({ ...counts, viewer: undefined })
  })

  test('need no body for a plain like', async () => {
    const post = await seed.post(ann)
    const { body } = await as(app, bob).put(likeOf(post)).expect(200)
    expect(body).toEqual({ like_type: 'like', likes_count: 1, reactions: { ...NONE, like: 1 } })
    const response = await fetch(`${app.url}${likeOf(post)}`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${bob.token}`, 'Content-Type': 'application/json' },
    })
    expect(await response.json()).toEqual(body)
  })

  test('count once, however often they are sent, and write nothing the second time', async () => {
    const post = await seed.post(ann)
    const { body } = await react(bob, post, 'laugh')
    const before = await rowsOf(app, 'Reactions', post.post_id)
    for (let again = 0; again < 3; again++) expect((await react(bob, post, 'laugh')).body).toEqual(body)
    expect(await rowsOf(app, 'Reactions', post.post_id)).toEqual(before)
    expect(before).toMatchObject([{ user_id: bob.user_id, like_type: 'laugh' }])
  })

  test('move from one count to the other when their type changes', async () => {
    const post = await seed.post(ann)
    await react(ann, post, 'angry')
    await react(bob, post, 'like')
    for (const [to, reactions] of [
      ['love', { ...NONE, angry: 1, love: 1 }],
      ['angry', { ...NONE, angry: 2 }],
      ['like', { ...NONE, angry: 1, like: 1 }],
    ] as const) {
      expect((await react(bob, post, to)).body).toEqual({ like_type: to, likes_count: 2, reactions })
      expect(await read(post, bob)).toMatchObject({ likes_count: 2, reactions, viewer: { like_type: to } })
    }
    expect(await rowsOf(app, 'UserReactions', post.post_id)).toHaveLength(2)
  })

  test('are taken back, and that may be said twice', async () => {
    const post = await seed.post(ann)
    await as(app, bob).delete(likeOf(post)).expect(204)
    await react(bob, post, 'love')
    await react(ann, post, 'love')
    for (let again = 0; again < 2; again++) await as(app, bob).delete(likeOf(post)).expect(204)
    expect(await read(post, bob)).toEqual({
      likes_count: 1,
      reactions: { ...NONE, love: 1 },
      viewer: { like_type: null, shared: false },
    })
    expect(await rowsOf(app, 'UserReactions', post.post_id)).toMatchObject([{ user_id: ann.user_id }])
    await as(app, ann).delete(likeOf(post)).expect(204)
    expect(await read(post)).toMatchObject({ likes_count: 0, reactions: NONE })
    expect(await rowsOf(app, 'Reactions', post.post_id)).toEqual([])
  })

  test('stay as they are when the post is changed, and do not change the post', async () => {
    const post = await seed.post(ann, { tags: ['beach'] })
    await react(bob, post, 'love')
    const { body } = await as(app, ann)
      .patch(`/posts/${post.post_id}`)
      .send({ content: 'New words' })
      .expect(200)
    expect(body.post).toMatchObject({ content: 'New words', tags: ['beach'], likes_count: 1 })
    const { updated_date } = body.post
    await react(bob, post, 'angry')
    const { body: later } = await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
    expect(later.post).toMatchObject({ updated_date, reactions: { ...NONE, angry: 1 } })
  })

  test.each([
    ['dislike', '#/like_type'],
    ['Like', '#/like_type'],
    ['', '#/like_type'],
    ['__proto__', '#/like_type'],
    ['likes', '#/like_type'],
    [null, '#/like_type'],
    [1, '#/like_type'],
    [['like'], '#/like_type'],
  ])('of no known type are refused: %j', async (like_type, pointer) => {
    const post = await seed.post(ann)
    const { body } = await as(app, bob).put(likeOf(post)).send({ like_type }).expect(422)
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ pointer }] })
    expect(await rowsOf(app, 'Reactions', post.post_id)).toEqual([])
  })

  test('with anything else in the body are refused', async () => {
    const post = await seed.post(ann)
    const put = () => as(app, bob).put(likeOf(post))
    for (const body of ['null', '[]', '"like"', '{"type":"like"}', '{"like_type":"like","likes_count":9}'])
      await put().type('json').send(body).expect(422)
    await put().type('json').send('{"like_type":').expect(400)
    await put().type('form').send('like_type=love').expect(415)
    expect(await read(post)).toMatchObject({ likes_count: 0, reactions: NONE })
  })

  test.each([NOBODY, 'first', '__proto__', NOBODY.toUpperCase()])(
    'to a post that does not exist are not found (%s)',
    async post_id => {
      await as(app, ann).put(likeOf({ post_id })).expect(404)
      await as(app, ann).delete(likeOf({ post_id })).expect(404)
      await anonymous(app).get(`/posts/${post_id}/likes`).expect(404)
      expect(await rowsOf(app, 'Reactions', post_id)).toEqual([])
    },
  )

  test('to a private post are for its author alone', async () => {
    const post = await seed.post(ann, { is_public: false })
    expect((await react(ann, post, 'love')).body.likes_count).toBe(1)
    const { body } = await as(app, bob).put(likeOf(post)).expect(404)
    const { body: none } = await as(app, bob)
      .put(likeOf({ post_id: NOBODY }))
      .expect(404)
    expect({ ...body, request_id: '' }).toEqual({ ...none, request_id: '' })
    await as(app, bob).delete(likeOf(post)).expect(404)
    await as(app, bob).get(`/posts/${post.post_id}/likes`).expect(404)
    await anonymous(app).get(`/posts/${post.post_id}/likes`).expect(404)
    expect((await as(app, ann).get(`/posts/${post.post_id}/likes`).expect(200)).body.likes).toHaveLength(1)
  })

  test('to a post that has been hidden stay, and are out of reach until it is shown again', async () => {
    const post = await seed.post(ann)
    await react(bob, post, 'love')
    const show = (is_public: boolean) =>
      as(app, ann).patch(`/posts/${post.post_id}`).send({ is_public }).expect(200)
    await show(false)
    await as(app, bob).put(likeOf(post)).send({ like_type: 'angry' }).expect(404)
    await as(app, bob).delete(likeOf(post)).expect(404)
    expect(await read(post, ann)).toMatchObject({ likes_count: 1, reactions: { ...NONE, love: 1 } })
    await show(true)
    expect(await read(post, bob)).toMatchObject({ likes_count: 1, viewer: { like_type: 'love' } })
    await as(app, bob).delete(likeOf(post)).expect(204)
  })

  test('need a token', async () => {
    const post = await seed.post(ann)
    await anonymous(app).put(likeOf(post)).expect(401)
    await anonymous(app).delete(likeOf(post)).expect(401)
    await anonymous(app).get('/users/profile/likes').expect(401)
  })
})
