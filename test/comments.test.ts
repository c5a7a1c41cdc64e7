import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { comment, thread, threadPage, urlOf, words } from './support/comments.ts'
import { requestsOf } from './support/database-requests.ts'
import { evict } from './support/evict.ts'
import { rowsOf } from './support/rows.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('comments', () => {
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

  const on = ({ post_id }: Pick<SeededPost, 'post_id'>) => `/posts/${post_id}/comments`
  const countOf = async ({ post_id }: SeededPost) =>
    (await as(app, ann).get(`/posts/${post_id}`).expect(200)).body.post.comments_count

  test('begin with nothing but what was said, and are seen at once by everybody', async () => {
    const post = await seed.post(ann)
    expect(await threadPage(app, null, post)).toEqual({ comments: [], next_cursor: null })
    const { body } = await as(app, bob).post(on(post)).send({ content: 'What a beach' }).expect(201)
    expect(body.comment).toEqual({
      comment_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      post_id: post.post_id,
      user_id: bob.user_id,
      author: { user_id: bob.user_id, name: 'bob' },
      content: 'What a beach',
      created_date: expect.stringMatching(TIME),
      updated_date: body.comment.created_date,
      likes_count: 0,
      replies_count: 0,
      parent_comment_id: null,
      deleted: false,
    })
    for (const viewer of [null, ann, bob])
      expect(await threadPage(app, viewer, post)).toEqual({ comments: [body.comment], next_cursor: null })
    expect(await countOf(post)).toBe(1)
  })

  test('come oldest first, or newest first, one level of a thread at a time', async () => {
    const post = await seed.post(ann)
    const first = await comment(app, ann, post, 'first')
    const second = await comment(app, bob, post, 'second')
    await comment(app, ann, post, 'third')
    const reply = await comment(app, bob, post, 'first.1', first)
    await comment(app, ann, post, 'first.2', first)
    await comment(app, bob, post, 'first.1.1', reply)
    expect(await countOf(post)).toBe(6)

    expect(words(await thread(app, post))).toEqual(['first', 'second', 'third'])
    expect(words(await thread(app, post, { order: 'asc' }))).toEqual(['first', 'second', 'third'])
    expect(words(await thread(app, post, { order: 'desc' }))).toEqual(['third', 'second', 'first'])
    const replies = await thread(app, post, { parent_comment_id: first.comment_id })
    expect(words(replies)).toEqual(['first.1', 'first.2'])
    expect(replies.map(({ parent_comment_id }) => parent_comment_id)).toEqual([
      first.comment_id,
      first.comment_id,
    ])
    const newest = { parent_comment_id: first.comment_id, order: 'desc' }
    expect(words(await thread(app, post, newest))).toEqual(['first.2', 'first.1'])
    expect(words(await thread(app, post, { parent_comment_id: reply.comment_id }))).toEqual(['first.1.1'])
    expect(await thread(app, post, { parent_comment_id: second.comment_id })).toEqual([])
    expect(await thread(app, post, { parent_comment_id: NOBODY })).toEqual([])
    const counts = await thread(app, post)
    expect(counts.map(({ replies_count }) => replies_count)).toEqual([2, 0, 0])
    expect(replies.map(({ replies_count }) => replies_count)).toEqual([1, 0])
  })

  test.each(['asc', 'desc'])('are paged through without gap or repeat, %s', async order => {
    const post = await seed.post(ann)
    const parent = await comment(app, ann, post, 'parent')
    const expected: string[] = []
    for (let at = 0; at < 7; at++) {
      await comment(app, ann, post, `top ${at}`)
      expected.push((await comment(app, bob, post, `reply ${at}`, parent)).content)
    }
    if (order === 'desc') expected.reverse()
    const level = { order, parent_comment_id: parent.comment_id }
    for (const limit of [1, 3, 7, 100]) {
      expect(words(await thread(app, post, { ...level, limit }))).toEqual(expected)
      expect(await thread(app, post, { order, limit })).toHaveLength(8)
    }
    // Where the page ends with the list, nothing is left.
    expect((await threadPage(app, null, post, { ...level, limit: 7 })).next_cursor).toBeNull()
    const { next_cursor } = await threadPage(app, null, post, { ...level, limit: 2 })
    for (const query of [{ order }, { ...level, order: order === 'asc' ? 'desc' : 'asc' }, {}]) {
      const { body } = await anonymous(app)
        .get(on(post))
        .query({ ...query, cursor: next_cursor })
        .expect(400)
      expect(body.code).toBe('invalid_cursor')
    }
    await anonymous(app)
      .get(on(await seed.post(ann)))
      .query({ order, cursor: next_cursor })
      .expect(400)
  })

  test('hold 1 to 2,000 characters, as people count them', async () => {
    const post = await seed.post(ann)
    for (const content of ['x', '🙂'.repeat(2000), ' Zeile 1\n\tZeile 2 👩‍👩‍👧 \u0000 ']) {
      await comment(app, bob, post, content)
      expect(words(await thread(app, post)).at(-1)).toBe(content)
    }
    const say = (body: unknown) =>
      as(app, bob)
        .post(on(post))
        .send(body as object)
    for (const content of ['', ' \n\t', '🙂'.repeat(2001), 'x\udc00', 5, null, ['x'], {}]) {
      const { body } = await say({ content }).expect(422)
      expect(body.errors[0].pointer).toBe('#/content')
    }
    await say({}).expect(422)
    await say({ content: 'x', likes_count: 9 }).expect(422)
    await as(app, bob).post(on(post)).expect(422)
    expect(await countOf(post)).toBe(3)
  })

  test('reply only to what is there, in the same post, and not deleted', async () => {
    const [post, other] = [await seed.post(ann), await seed.post(ann)]
    const elsewhere = await comment(app, ann, other, 'elsewhere')
    const gone = await comment(app, ann, post, 'gone')
    await as(app, ann).delete(urlOf(gone)).expect(204)
    const buried = await comment(app, ann, post, 'buried')
    await comment(app, bob, post, 'reply', buried)
    await as(app, ann).delete(urlOf(buried)).expect(204)
    const wrong = [
      elsewhere.comment_id,
      gone.comment_id,
      buried.comment_id,
      NOBODY,
      post.post_id,
      'x',
      '',
      null,
      7,
    ]
    for (const parent_comment_id of wrong) {
      const { body } = await as(app, bob).post(on(post)).send({ content: 'x', parent_comment_id }).expect(422)
      expect(body).toMatchObject({
        code: 'validation_failed',
        errors: [{ pointer: '#/parent_comment_id', message: expect.any(String) }],
      })
    }
    expect([await countOf(post), await countOf(other)]).toEqual([1, 1])
    expect((await thread(app, post)).map(({ replies_count }) => replies_count)).toEqual([1])
  })

  test('are changed by their author alone', async () => {
    const post = await seed.post(ann)
    const said = await comment(app, bob, post, 'What a baech')
    await as(app, ann)
      .put(`${urlOf(said)}/like`)
      .expect(200)
    const { body } = await as(app, bob).patch(urlOf(said)).send({ content: 'What a beach' }).expect(200)
    expect(body.comment).toEqual({
      ...said,
      content: 'What a beach',
      likes_count: 1,
      updated_date: body.comment.updated_date,
    })
    expect(body.comment.updated_date > String(said.updated_date)).toBe(true)
    expect(await thread(app, post)).toEqual([body.comment])
    // The post's author has no say in what others said.
    await as(app, ann).patch(urlOf(said)).send({ content: 'No' }).expect(403)
    await as(app, ann).delete(urlOf(said)).expect(403)
    await anonymous(app).patch(urlOf(said)).send({ content: 'No' }).expect(401)
    await anonymous(app).delete(urlOf(said)).expect(401)
    for (const fields of [
      {},
      { content: '' },
      { content: 'x', parent_comment_id: NOBODY },
      { deleted: true },
    ])
      await as(app, bob).patch(urlOf(said)).send(fields).expect(422)
    expect(await thread(app, post)).toEqual([body.comment])
  })

  test('without replies go altogether', async () => {
    const post = await seed.post(ann)
    const first = await comment(app, ann, post, 'first')
    const reply = await comment(app, bob, post, 'reply', first)
    await as(app, bob).delete(urlOf(reply)).expect(204)
    await as(app, bob).delete(urlOf(reply)).expect(404)
    expect(await thread(app, post)).toEqual([{ ...first, replies_count: 0 }])
    expect(await thread(app, post, { parent_comment_id: first.comment_id })).toEqual([])
    expect(await countOf(post)).toBe(1)
    await as(app, ann).delete(urlOf(first)).expect(204)
    expect(await thread(app, post)).toEqual([])
    expect(await countOf(post)).toBe(0)
    expect(await rowsOf(app, 'Comments', post.post_id)).toEqual([])
  })

  test('with replies leave a tombstone, without words and likes, that nothing can be done to', async () => {
    const post = await seed.post(ann)
    const said = await comment(app, bob, post, 'Secret words')
    const reply = await comment(app, ann, post, 'I heard them', said)
    for (const user of [ann, bob])
      await as(app, user)
        .put(`${urlOf(said)}/like`)
        .expect(200)
    expect(await rowsOf(app, 'CommentLikes', said.comment_id)).toHaveLength(2)
    await as(app, bob).delete(urlOf(said)).expect(204)

    const [tombstone] = await thread(app, post)
    expect(tombstone).toEqual({
      ...said,
      content: '',
      deleted: true,
      likes_count: 0,
      replies_count: 1,
      updated_date: expect.stringMatching(TIME),
    })
    expect(await thread(app, post, { parent_comment_id: said.comment_id })).toEqual([reply])
    expect(await countOf(post)).toBe(1)
    expect(await rowsOf(app, 'Comments', 'Secret words')).toEqual([])
    await as(app, bob).patch(urlOf(said)).send({ content: 'Again' }).expect(404)
    await as(app, bob).delete(urlOf(said)).expect(404)
    await as(app, ann)
      .put(`${urlOf(said)}/like`)
      .expect(404)
    await as(app, ann)
      .delete(`${urlOf(said)}/like`)
      .expect(404)
    await settled(app)
    expect(await rowsOf(app, 'CommentLikes', said.comment_id)).toEqual([])

    // Its place stays also when the last reply goes.
    await as(app, ann).delete(urlOf(reply)).expect(204)
    expect(await thread(app, post)).toMatchObject([{ deleted: true, replies_count: 0 }])
    expect(await countOf(post)).toBe(0)
  })

  test('that were replies and have replies stay in the count of what they replied to', async () => {
    const post = await seed.post(ann)
    const first = await comment(app, ann, post, 'first')
    const middle = await comment(app, bob, post, 'middle', first)
    const last = await comment(app, ann, post, 'last', middle)
    await as(app, bob).delete(urlOf(middle)).expect(204)
    const level = { parent_comment_id: first.comment_id }
    expect(await thread(app, post, level)).toMatchObject([{ deleted: true, replies_count: 1 }])
    expect(await thread(app, post)).toMatchObject([{ replies_count: 1 }])
    await as(app, ann).delete(urlOf(last)).expect(204)
    expect(await thread(app, post, level)).toMatchObject([{ deleted: true, replies_count: 0 }])
    expect(await countOf(post)).toBe(1)
  })

  test('are liked once by each, and that is taken back once', async () => {
    const post = await seed.post(ann)
    const said = await comment(app, bob, post, 'x')
    const like = async (user: SeededUser) =>
      (
        await as(app, user)
          .put(`${urlOf(said)}/like`)
          .expect(200)
      ).body
    expect(await like(ann)).toEqual({ likes_count: 1 })
    expect(await like(ann)).toEqual({ likes_count: 1 })
    expect(await like(bob)).toEqual({ likes_count: 2 })
    expect(await thread(app, post)).toMatchObject([{ likes_count: 2 }])
    for (let again = 0; again < 2; again++)
      await as(app, ann)
        .delete(`${urlOf(said)}/like`)
        .expect(204)
    expect(await thread(app, post)).toMatchObject([{ likes_count: 1 }])
    expect(await rowsOf(app, 'CommentLikes', said.comment_id)).toHaveLength(1)
    await anonymous(app)
      .put(`${urlOf(said)}/like`)
      .expect(401)
    await anonymous(app)
      .delete(`${urlOf(said)}/like`)
      .expect(401)
    // Their likes go with them.
    await as(app, bob).delete(urlOf(said)).expect(204)
    await settled(app)
    expect(await rowsOf(app, 'CommentLikes', said.comment_id)).toEqual([])
    expect(await app.context.outbox.dead()).toEqual([])
  })

  /** Everything that can be done with a comment of a post. */
  const everything = (user: SeededUser, { post_id }: Pick<SeededPost, 'post_id'>, comment_id: string) => {
    const calls = as(app, user)
    const url = urlOf({ post_id, comment_id })
    return [
      calls.get(on({ post_id })),
      calls.post(on({ post_id })).send({ content: 'x' }),
      calls.patch(url).send({ content: 'x' }),
      calls.delete(url),
      calls.put(`${url}/like`),
      calls.delete(`${url}/like`),
    ]
  }

  test('of a private post are there for its author alone', async () => {
    const post = await seed.post(ann)
    const said = await comment(app, bob, post, 'x')
    await as(app, ann).patch(`/posts/${post.post_id}`).send({ is_public: false }).expect(200)
    for (const call of everything(bob, post, said.comment_id)) {
      const { body } = await call.expect(404)
      expect(body.detail).toBe('There is no such post.')
    }
    await anonymous(app).get(on(post)).expect(404)
    expect(words((await threadPage(app, ann, post)).comments)).toEqual(['x'])
    await comment(app, ann, post, 'to myself')
    await as(app, ann)
      .put(`${urlOf(said)}/like`)
      .expect(200)
    await as(app, ann).patch(`/posts/${post.post_id}`).send({ is_public: true }).expect(200)
    expect(words(await thread(app, post))).toEqual(['x', 'to myself'])
    await as(app, bob).delete(urlOf(said)).expect(204)
  })

  test.each([NOBODY, 'first', '__proto__'])('of what does not exist are not found (%s)', async id => {
    for (const call of everything(ann, { post_id: id }, NOBODY)) await call.expect(404)
    const post = await seed.post(ann)
    const [list, create, ...rest] = everything(ann, post, id)
    await list?.expect(200)
    await create?.expect(201)
    for (const call of rest) await call.expect(404)
    // One that is there, under another post.
    const said = await comment(app, ann, post, 'x')
    const [, , ...others] = everything(ann, await seed.post(ann), said.comment_id)
    for (const call of others) await call.expect(404)
    expect(await countOf(post)).toBe(2)
  })

  test('cost a page a fixed number of requests to the database, whatever its length', async () => {
    const post = await seed.post(ann)
    const people = await seed.users('cleo', 'dan', 'eve', 'fay')
    for (let at = 0; at < 20; at++) await comment(app, people[at % 4] ?? ann, post, `${at}`)
    await settled(app)
    for (const limit of [3, 20]) {
      await evict(app, `post:${post.post_id}`, ...people.map(({ user_id }) => `user:${user_id}`))
      const read = async () =>
        expect((await threadPage(app, bob, post, { limit })).comments).toHaveLength(limit)
      expect(await requestsOf(app, read)).toEqual([
        'BatchGetItem Posts',
        'Query Comments',
        'BatchGetItem Users',
      ])
      expect(await requestsOf(app, read)).toEqual(['Query Comments'])
    }
  })
})
