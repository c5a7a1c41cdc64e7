import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { type SeededFile, seedFile } from './support/seed-file.ts'

describe('what may be kept', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser
  let post: SeededPost
  let file: SeededFile

  beforeAll(async () => {
    app = await startApp()
    const seed = seedInto(app)
    const users = await seed.users('ann', 'bob')
    ann = users[0]
    bob = users[1]
    post = await seed.post(ann)
    file = await seedFile(app, ann, { is_public: true })
  })
  afterAll(() => app.close())

  const real = (pattern: string) =>
    pattern.replace(':user', ann.user_id).replace(':post', post.post_id).replace(':file', file.file_id)
  const get = (pattern: string, headers: Record<string, string> = {}, method = 'GET') =>
    exchange(app.url, { method, path: real(pattern), headers })
  const bearer = (user: SeededUser) => ({ Authorization: `Bearer ${user.token}` })

  test.each([
    ...['/users/profile', '/auth/sessions', '/users/:user', '/users/:user/posts', '/posts/:post'],
    ...['/files', '/files/:file', '/files/:file/content'],
  ])('%s is private, is asked for again, and depends on who asks', async pattern => {
    const { status, headers } = await get(pattern, bearer(ann))
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('private, no-cache')
    expect(headers.get('vary')).toBe('Authorization')
  })

  test('what everybody may see is private too when a token could have changed it', async () => {
    for (const pattern of ['/posts/:post', '/files/:file', '/files/:file/content']) {
      const { headers } = await get(pattern)
      expect(headers.get('cache-control')).toBe('private, no-cache')
      expect(headers.get('vary')).toBe('Authorization')
    }
  })

  test('replies with secrets in them are not stored anywhere', async () => {
    const post = (path: string, body: object) =>
      exchange(app.url, {
        method: 'POST',
        path,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    const registered = await post('/auth/register', {
      email: 'secret@example.com',
      password: 'long enough',
      name: 'S',
    })
    const login = await post('/auth/login', { email: bob.email, password: bob.password })
    const refresh = await post('/auth/refresh', { refresh_token: JSON.parse(login.text).refresh_token })
    expect([registered.status, login.status, refresh.status]).toEqual([201, 200, 200])
    for (const { headers } of [registered, login, refresh])
      expect(headers.get('cache-control')).toBe('no-store')
  })

  test('URLs that open without a token are not stored anywhere either', async () => {
    const url = await as(app, ann).post(real('/files/:file/url')).expect(200)
    const upload = { file_name: 'a', file_type: 'text/plain', file_size: 9 }
    const begun = await as(app, ann).post('/files/uploads').send(upload).expect(201)
    const path = `/files/uploads/${begun.body.upload_id}/parts`
    const parts = await as(app, ann)
      .post(path)
      .send({ part_numbers: [1] })
      .expect(200)
    for (const { headers } of [url, parts]) expect(headers['cache-control']).toBe('no-store')
  })

  test('nor is what operators look at', async () => {
    for (const path of ['/health', '/ready'])
      expect((await get(path)).headers.get('cache-control')).toBe('no-store')
  })

  describe('a single resource', () => {
    const tagOf = async (pattern: string, user = ann) => {
      const { headers } = await get(pattern, bearer(user))
      return headers.get('etag') ?? ''
    }

    test.each(['/users/profile', '/users/:user', '/posts/:post', '/files/:file', '/openapi.json'])(
      '%s has a weak tag, and is 304 without a body for who has it already',
      async pattern => {
        const etag = await tagOf(pattern)
        expect(etag).toMatch(/^W\/"[\w-]+"$/)
        const strong = etag.replace('W/', '')
        for (const ask of [etag, strong, `"other", ${etag}`, `W/"x",${strong},"y"`, '*']) {
          const reply = await get(pattern, { ...bearer(ann), 'If-None-Match': ask })
          expect([ask, reply.status, reply.text]).toEqual([ask, 304, ''])
          expect(reply.headers.get('etag')).toBe(etag)
          expect(reply.headers.get('content-type')).toBeNull()
          expect(reply.headers.get('cache-control')).not.toBeNull()
        }
        const head = await get(pattern, { ...bearer(ann), 'If-None-Match': etag }, 'HEAD')
        expect(head.status).toBe(304)
        // This is what fetch makes of it, in browsers and in Node.
        const fetched = { 'If-None-Match': etag, 'Cache-Control': 'no-cache', Pragma: 'no-cache' }
        expect((await get(pattern, { ...bearer(ann), ...fetched })).status).toBe(304)
      },
    )

    test.each(['"other"', 'W/"other", "more"', 'nonsense', '""', ','])(
      'is sent whole to who has something else: %s',
      async ask => {
        const reply = await get('/posts/:post', { ...bearer(ann), 'If-None-Match': ask })
        expect(reply.status).toBe(200)
        expect(JSON.parse(reply.text).post.post_id).toBe(post.post_id)
      },
    )

    test('is sent whole again once it has changed, with another tag', async () => {
      const [profile, written] = await Promise.all([tagOf('/users/profile'), tagOf('/posts/:post')])
      await as(app, ann).patch('/users/profile').send({ name: 'Ann the Second' }).expect(200)
      await as(app, ann).patch(real('/posts/:post')).send({ content: 'changed' }).expect(200)
      for (const [pattern, before] of [
        ['/users/profile', profile],
        ['/posts/:post', written],
      ] as const) {
        const reply = await get(pattern, { ...bearer(ann), 'If-None-Match': before })
        expect([pattern, reply.status]).toEqual([pattern, 200])
        expect(reply.headers.get('etag')).not.toBe(before)
      }
    })

    test("is never 304 for a copy that was somebody else's view", async () => {
      const own = await tagOf('/users/:user')
      const reply = await get('/users/:user', { ...bearer(bob), 'If-None-Match': own })
      expect(reply.status).toBe(200)
      expect(JSON.parse(reply.text).user).not.toHaveProperty('email')
    })

    test('that is not there (any more) has no tag', async () => {
      const gone = await seedInto(app).post(ann)
      const { headers } = await get(`/posts/${gone.post_id}`)
      await as(app, ann).delete(`/posts/${gone.post_id}`).expect(204)
      const reply = await get(`/posts/${gone.post_id}`, { 'If-None-Match': headers.get('etag') ?? '' })
      expect([reply.status, reply.headers.get('etag')]).toEqual([404, null])
    })
  })
})
