import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('posts', () => {
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

  const write = (fields: object) => as(app, ann).post('/posts').send(fields)

  /** Writes a post and takes its tags as they were kept. */
  const kept = async (tags: string[]): Promise<string[]> =>
    (await write({ content: 'x', tags }).expect(201)).body.post.tags

  /** The fields that a refused post is told of. */
  const faults = async (fields: object): Promise<string[]> => {
    const { body } = await write(fields).expect(422)
    expect(body).toMatchObject({ code: 'validation_failed', status: 422 })
    return [...new Set<string>(body.errors.map((error: { pointer: string }) => error.pointer))]
  }

  test('begin with nothing but what was written', async () => {
    const { body, headers } = await write({ content: 'Hello, world' }).expect(201)
    const { post } = body
    expect(post).toEqual({
      post_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      user_id: ann.user_id,
      author: { user_id: ann.user_id, name: 'ann' },
      content: 'Hello, world',
      image_url: null,
      file_ids: [],
      tags: [],
      is_public: true,
      created_date: expect.stringMatching(TIME),
      updated_date: post.created_date,
      likes_count: 0,
      reactions: { like: 0, love: 0, laugh: 0, angry: 0 },
      comments_count: 0,
      shares_count: 0,
      views_count: 0,
      viewer: { like_type: null, shared: false },
    })
    expect(headers.location).toBe(`/posts/${post.post_id}`)
    expect(Date.now() - Date.parse(post.created_date)).toBeLessThan(60_000)
  })

  test('are read as they were written, by anybody, with a state of their own for who has a token', async () => {
    const fields = {
      content: ' Zeile 1\n\tZeile 2 👩‍👩‍👧 \u0000 ',
      image_url: 'https://images.example.com/ä%20b.jpg?x=1#y',
      tags: ['travel', 'été'],
      is_public: true,
      file_ids: [],
    }
    const { body, headers } = await write(fields).expect(201)
    expect(body.post).toMatchObject(fields)
    const own = await as(app, ann).get(String(headers.location)).expect(200)
    expect(own.body).toEqual(body)
    const others = await as(app, bob).get(String(headers.location)).expect(200)
    expect(others.body).toEqual(body)
    const { viewer: _, ...shown } = body.post
    const anybody = await anonymous(app).get(String(headers.location)).expect(200)
    expect(anybody.body.post).toEqual(shown)
  })

  test('hold 1 to 5,000 characters, as people count them', async () => {
    for (const content of ['x', '.', '🙂'.repeat(5000), 'x'.repeat(5000), `${'\n'.repeat(4999)}x`]) {
      const { body } = await write({ content }).expect(201)
      expect(body.post.content).toBe(content)
      const { body: read } = await anonymous(app).get(`/posts/${body.post.post_id}`).expect(200)
      expect(read.post.content).toBe(content)
    }
    for (const content of ['', ' \n\t', '🙂'.repeat(5001), 'x'.repeat(5001), 'x\udc00', 5, null, ['x'], {}]) {
      expect(await faults({ content })).toEqual(['#/content'])
    }
    expect(await faults({})).toEqual(['#/content'])
  })

  test('keep their tags in lower case, each once, in the order in which they came', async () => {
    expect(await kept(['Travel', 'FOOD', 'travel', 'Food', 'a_b-1'])).toEqual(['travel', 'food', 'a_b-1'])
    expect(await kept(['Été', '日本', 'ΑΘΗΝΑ', 'Straße', '٣'])).toEqual([
      'été',
      '日本',
      'αθηνα',
      'straße',
      '٣',
    ])
    expect(await kept(Array.from({ length: 10 }, (_, at) => `tag${at}`))).toHaveLength(10)
    expect(await kept(['𝒳'.repeat(50), 'x'.repeat(50)])).toHaveLength(2)
  })

  test('refuse what is no tag, and more than ten', async () => {
    expect(
      await faults({ content: 'x', tags: ['ok', 'two words', '', '#hash', 'a.b', 'x'.repeat(51)] }),
    ).toEqual(['#/tags/1', '#/tags/2', '#/tags/3', '#/tags/4', '#/tags/5'])
    expect(await faults({ content: 'x', tags: ['🙂', 7, null, '\ud83d'] })).toHaveLength(4)
    expect(await faults({ content: 'x', tags: Array.from({ length: 11 }, () => 'same') })).toEqual(['#/tags'])
    expect(await faults({ content: 'x', tags: 'travel' })).toEqual(['#/tags'])
  })

  test('take the picture only from an https address', async () => {
    for (const image_url of [
      'http://images.example.com/a.jpg',
      'javascript:alert(1)',
      'data:image/png;base64,AAAA',
      'ftp://example.com/a.jpg',
      '//example.com/a.jpg',
      'images.example.com/a.jpg',
      'https:images.example.com/a.jpg',
      'https://images.example.com/a b.jpg',
      'https://',
      `https://example.com/${'x'.repeat(2048)}`,
      '',
      null,
      7,
    ]) {
      expect(await faults({ content: 'x', image_url })).toEqual(['#/image_url'])
    }
  })

  test('carry no files as long as there are none', async () => {
    expect(await faults({ content: 'x', file_ids: [NOBODY, NOBODY.replace('6', '7')] })).toEqual([
      '#/file_ids/0',
      '#/file_ids/1',
    ])
    expect(await faults({ content: 'x', file_ids: ['mine'] })).toEqual(['#/file_ids/0'])
    expect(await faults({ content: 'x', file_ids: Array.from({ length: 11 }, () => NOBODY) })).toEqual([
      '#/file_ids',
    ])
  })

  test('that are refused leave nothing behind', async () => {
    const [cleo] = await seed.users('cleo')
    const own = as(app, cleo)
    for (const fields of [
      { content: '' },
      { content: 'x', file_ids: [NOBODY] },
      { content: 'x', likes_count: 9 },
      [],
    ]) {
      await own.post('/posts').send(fields).expect(422)
    }
    await own.post('/posts').type('json').send('{"content":"x","__proto__":{"is_public":false}}').expect(422)
    await own.post('/posts').type('json').send('{"content":').expect(400)
    await anonymous(app).post('/posts').send({ content: 'x' }).expect(401)
    expect((await own.get(`/users/${cleo.user_id}/posts`).expect(200)).body.posts).toEqual([])
    expect((await own.get('/users/profile').expect(200)).body.user.posts_count).toBe(0)
  })

  test('that are private are there for their author alone', async () => {
    const secret = await seed.post(ann, { is_public: false })
    expect((await as(app, ann).get(`/posts/${secret.post_id}`).expect(200)).body.post.is_public).toBe(false)
    for (const caller of [as(app, bob), anonymous(app)]) {
      const { body } = await caller.get(`/posts/${secret.post_id}`).expect(404)
      const { body: none } = await caller.get(`/posts/${NOBODY}`).expect(404)
      expect({ ...body, request_id: '' }).toEqual({ ...none, request_id: '' })
    }
  })

  test.each([NOBODY, 'first', '__proto__', NOBODY.toUpperCase(), '%F0%9F%99%82'])(
    'that do not exist are not found (%s)',
    async id => {
      await anonymous(app).get(`/posts/${id}`).expect(404)
      await as(app, ann).get(`/posts/${id}`).expect(404)
      await as(app, ann).patch(`/posts/${id}`).send({ content: 'x' }).expect(404)
      await as(app, ann).delete(`/posts/${id}`).expect(404)
    },
  )
})
