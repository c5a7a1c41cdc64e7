import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

describe('a post', () => {
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

  const path = (post: SeededPost) => `/posts/${post.post_id}`
  const read = async (post: SeededPost) => (await as(app, ann).get(path(post)).expect(200)).body.post

  test('changes in what its author says and in nothing else, but for its date', async () => {
    const original = await seed.post(ann, { tags: ['one'], image_url: 'https://images.example.com/a.jpg' })
    let last = original
    for (const changes of [
      { content: 'Other words' },
      { tags: ['Two', 'two', 'THREE'] },
      { tags: [] },
      { is_public: false },
      { is_public: false, content: '🙂'.repeat(5000) },
      { is_public: true, content: 'Everything', tags: ['at_once'] },
    ]) {
      const { body } = await as(app, ann).patch(path(original)).send(changes).expect(200)
      const tags = changes.tags && [...new Set(changes.tags.map(tag => tag.toLowerCase()))]
      const updated_date = body.post.updated_date
      expect(body.post).toEqual({ ...last, ...changes, ...(tags && { tags }), updated_date })
      expect(Date.parse(updated_date)).toBeGreaterThanOrEqual(Date.parse(String(last.updated_date)))
      expect(await read(original)).toEqual(body.post)
      last = body.post
    }
    expect(Date.parse(String(last.updated_date))).toBeGreaterThan(Date.parse(String(original.created_date)))
    expect(last.created_date).toBe(original.created_date)
  })

  test('is not changed by what is refused', async () => {
    const post = await seed.post(ann)
    for (const changes of [
      {},
      [],
      { content: '' },
      { content: null },
      { tags: ['two words'] },
      { tags: null },
      { is_public: 'yes' },
      { content: 'x', image_url: 'https://example.com/a.jpg' },
      { content: 'x', file_ids: [] },
      { content: 'x', version: 7 },
      { content: 'x', user_id: bob.user_id },
      { content: 'x', created_date: '2020-01-01T00:00:00.000Z' },
    ]) {
      const { body } = await as(app, ann).patch(path(post)).send(changes).expect(422)
      expect(body.code).toBe('validation_failed')
    }
    expect(await read(post)).toEqual(post)
  })

  test('is changed and deleted by its author alone', async () => {
    const post = await seed.post(ann)
    const { body } = await as(app, bob).patch(path(post)).send({ content: 'Mine' }).expect(403)
    expect(body).toMatchObject({ code: 'forbidden', status: 403 })
    await as(app, bob).delete(path(post)).expect(403)
    await anonymous(app).patch(path(post)).send({ content: 'Mine' }).expect(401)
    await anonymous(app).delete(path(post)).expect(401)
    expect(await read(post)).toEqual(post)
  })

  test('that others may not see is not there for them to change', async () => {
    const post = await seed.post(ann, { is_public: false })
    await as(app, bob).patch(path(post)).send({ is_public: true }).expect(404)
    await as(app, bob).delete(path(post)).expect(404)
    expect(await read(post)).toEqual(post)
  })

  test('comes and goes for others as its author shows and hides it', async () => {
    for (const post of [await seed.post(ann), await seed.post(ann, { is_public: false })]) {
      for (const is_public of [true, false, true, false]) {
        await as(app, ann).patch(path(post)).send({ is_public }).expect(200)
        const status = is_public ? 200 : 404
        await anonymous(app).get(path(post)).expect(status)
        await as(app, bob).get(path(post)).expect(status)
        const { body } = await as(app, bob).get(`/users/${ann.user_id}/posts?limit=100`).expect(200)
        const listed = body.posts.some(({ post_id }: SeededPost) => post_id === post.post_id)
        expect(listed).toBe(is_public)
      }
    }
  })

  test('is gone for everybody once it is deleted, and can be deleted once', async () => {
    const [post, secret] = [await seed.post(ann), await seed.post(ann, { is_public: false })]
    for (const gone of [post, secret]) {
      const { body } = await as(app, ann).delete(path(gone)).expect(204)
      expect(body).toEqual({})
      for (const caller of [as(app, ann), as(app, bob), anonymous(app)])
        await caller.get(path(gone)).expect(404)
      await as(app, ann).delete(path(gone)).expect(404)
      await as(app, ann).patch(path(gone)).send({ content: 'Back' }).expect(404)
      await as(app, bob).delete(path(gone)).expect(404)
    }
  })
})
