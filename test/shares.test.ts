import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { rowsOf } from './support/rows.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'

describe('shares', () => {
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

  const urlOf = ({ post_id }: Pick<SeededPost, 'post_id'>) => `/posts/${post_id}/share`
  const shown = async (post: SeededPost, user: SeededUser) => {
    const { body } = await as(app, user).get(`/posts/${post.post_id}`).expect(200)
    return [body.post.shares_count, body.post.viewer.shared]
  }

  test('are counted, and told to who has shared', async () => {
    const post = await seed.post(ann)
    expect(await shown(post, bob)).toEqual([0, false])
    const { text } = await as(app, bob).put(urlOf(post)).expect(204)
    expect(text).toBe('')
    expect([await shown(post, bob), await shown(post, ann)]).toEqual([
      [1, true],
      [1, false],
    ])
    await as(app, ann).put(urlOf(post)).expect(204)
    expect([await shown(post, bob), await shown(post, ann)]).toEqual([
      [2, true],
      [2, true],
    ])
  })

  test('count once, and go once, however often that is said', async () => {
    const post = await seed.post(ann)
    await as(app, bob).delete(urlOf(post)).expect(204)
    expect(await shown(post, bob)).toEqual([0, false])
    for (let again = 0; again < 3; again++) await as(app, bob).put(urlOf(post)).expect(204)
    expect(await shown(post, bob)).toEqual([1, true])
    expect(await rowsOf(app, 'Shares', post.post_id)).toMatchObject([{ user_id: bob.user_id }])
    for (let again = 0; again < 3; again++) await as(app, bob).delete(urlOf(post)).expect(204)
    expect(await shown(post, bob)).toEqual([0, false])
    expect(await rowsOf(app, 'Shares', post.post_id)).toEqual([])
  })

  test('and reactions are told together and do not touch each other', async () => {
    const post = await seed.post(ann)
    const state = async () => (await as(app, bob).get(`/posts/${post.post_id}`).expect(200)).body.post.viewer
    await as(app, bob).put(urlOf(post)).expect(204)
    await as(app, bob).put(`/posts/${post.post_id}/like`).send({ like_type: 'love' }).expect(200)
    expect(await state()).toEqual({ like_type: 'love', shared: true })
    await as(app, bob).delete(urlOf(post)).expect(204)
    expect(await state()).toEqual({ like_type: 'love', shared: false })
    await as(app, bob).put(urlOf(post)).expect(204)
    await as(app, bob).delete(`/posts/${post.post_id}/like`).expect(204)
    expect(await state()).toEqual({ like_type: null, shared: true })
  })

  test('of a private post are for its author alone', async () => {
    const post = await seed.post(ann, { is_public: false })
    await as(app, ann).put(urlOf(post)).expect(204)
    const { body } = await as(app, bob).put(urlOf(post)).expect(404)
    const { body: none } = await as(app, bob)
      .put(urlOf({ post_id: NOBODY }))
      .expect(404)
    expect({ ...body, request_id: '' }).toEqual({ ...none, request_id: '' })
    await as(app, bob).delete(urlOf(post)).expect(404)
    expect(await shown(post, ann)).toEqual([1, true])
  })

  test.each([NOBODY, 'first', '__proto__'])(
    'of a post that does not exist are not found (%s)',
    async post_id => {
      await as(app, ann).put(urlOf({ post_id })).expect(404)
      await as(app, ann).delete(urlOf({ post_id })).expect(404)
      expect(await rowsOf(app, 'Shares', post_id)).toEqual([])
    },
  )

  test('need a token', async () => {
    const post = await seed.post(ann)
    await anonymous(app).put(urlOf(post)).expect(401)
    await anonymous(app).delete(urlOf(post)).expect(401)
  })
})
