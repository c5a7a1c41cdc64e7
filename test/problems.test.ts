import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { type SeededUser, seedInto } from './support/seed.ts'

const LIMIT = 256 * 1024
const JSON_TYPE = { 'Content-Type': 'application/json' }

describe('problems', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const get = (path: string, headers: Record<string, string> = {}) =>
    exchange(app.url, { method: 'GET', path, headers })
  const login = (body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) =>
    exchange(app.url, { method: 'POST', path: '/auth/login', headers, body })

  test.each(['/nowhere', '/users', '/users/a/b/c', '/posts/x/y', '/openapi', '/%F0%9F%98%80', '/metrics'])(
    'the unknown path %s is 404',
    async path => {
      expectProblem(await get(path), { status: 404, code: 'not_found' })
    },
  )

  test.each(['/users/%E0%A4%A', '/posts/%', '/posts/%zz', '/users/%C3%28/posts', '/auth/sessions/%FF'])(
    'the malformed escape in %s is 400',
    async path => {
      const method = path.startsWith('/auth') ? 'DELETE' : 'GET'
      const reply = await exchange(app.url, { method, path })
      expectProblem(reply, { status: 400, code: 'malformed_path' })
    },
  )

  test.each([
    'x',
    '0',
    '%00',
    '%2e%2e%2f',
    'A%E2%80%AEB',
    'x'.repeat(4000),
    '019AB0C2-7D5E-7C41-9A57-3D1F0C8B2E60',
  ])('what is no id of ours is no post either: %s', async id => {
    expectProblem(await get(`/posts/${id}`), { status: 404, code: 'not_found' })
  })

  describe('a body', () => {
    test.each([
      '{',
      '{"email": }',
      "{'email':'a'}",
      'nul',
      '{"a":1}{"b":2}',
      '{"a":1,}',
      '"\u0000"',
      '\u00a0{}',
    ])('that is not JSON is 400: %j', async body => {
      expectProblem(await login(body), { status: 400, code: 'malformed_json' })
    })

    test('that is not UTF-8 is 400', async () => {
      const broken = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
      expectProblem(await login(broken), { status: 400, code: 'malformed_json' })
    })

    test.each(['null', 'true', '1', '1e999', '"text"', '[]', '[{}]'])(
      'that is JSON and no object is 422: %s',
      async body => {
        const { errors } = expectProblem(await login(body), { status: 422, code: 'validation_failed' })
        expect(errors).toEqual([{ pointer: '#', message: expect.any(String) }])
      },
    )

    test('that is empty lacks every field', async () => {
      for (const reply of [await login(''), await login('{}'), await login('', {})]) {
        expectProblem(reply, { status: 422, code: 'validation_failed' })
      }
      const { errors } = expectProblem(await login('{}'), { status: 422, code: 'validation_failed' })
      expect(errors?.map(error => error.pointer)).toEqual(['#/email', '#/password'])
    })

    test('of exactly 256 KiB is read, one byte more is 413', async () => {
      const padded = (bytes: number) => '{"email":"nobody@example.com","password":"nothing"}'.padEnd(bytes)
      expectProblem(await login(padded(LIMIT)), { status: 401, code: 'invalid_credentials' })
      expectProblem(await login(padded(LIMIT + 1)), { status: 413, code: 'body_too_large' })
    })

    test('with tens of thousands of faults is answered with some of them', async () => {
      const unknown = JSON.stringify(
        Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, 1])),
      )
      const reply = await login(unknown)
      const { errors } = expectProblem(reply, { status: 422, code: 'validation_failed' })
      expect(errors).toHaveLength(100)
      expect(reply.text.length).toBeLessThan(unknown.length)
    })

    test('nested a hundred thousand levels deep is refused like any other', async () => {
      const deep = '['.repeat(100_000) + ']'.repeat(100_000)
      expectProblem(await login(`{"email":${deep}}`), { status: 422, code: 'validation_failed' })
    })
  })

  describe('a content type', () => {
    const BODY = '{"email":"nobody@example.com","password":"nothing"}'

    test.each([
      ['text/plain', {}],
      ['application/x-www-form-urlencoded', {}],
      ['multipart/form-data; boundary=x', {}],
      ['application/octet-stream', {}],
      ['application/vnd.api+json', {}],
      ['nonsense', {}],
      ['', {}],
      ['application/json; charset=latin1', {}],
      ['application/json; charset=utf-16', {}],
      ['application/json; charset=utf-7', {}],
      ['application/json', { 'Content-Encoding': 'gzip' }],
      ['application/json', { 'Content-Encoding': 'br' }],
    ])('of %s %j is 415', async (type, more) => {
      const reply = await login(BODY, { ...(type && { 'Content-Type': type }), ...more })
      expectProblem(reply, { status: 415, code: 'unsupported_type' })
    })

    test.each(['application/json', 'Application/JSON; Charset=UTF-8', 'application/json;charset="utf-8"'])(
      'of %s is read',
      async type => {
        const reply = await login(BODY, { 'Content-Type': type })
        expectProblem(reply, { status: 401, code: 'invalid_credentials' })
      },
    )
  })

  test('without a token what needs one is 401, however wrong the rest is', async () => {
    const reply = await exchange(app.url, { method: 'POST', path: '/posts', headers: JSON_TYPE, body: '{' })
    expectProblem(reply, { status: 401, code: 'unauthorized' })
    expect(reply.headers.get('www-authenticate')).toBe('Bearer')
  })

  describe('request ids', () => {
    test.each(['abc', '0f8fad5b-d9cb-469f-a165-70867728950e', 'Root=1-67891233:a/b+c=', 'x'.repeat(128)])(
      'are taken from the caller when they are well-formed, and are in the log: %s',
      async id => {
        const problem = expectProblem(await get('/nowhere', { 'X-Request-Id': id }), {
          status: 404,
          code: 'not_found',
        })
        expect(problem.request_id).toBe(id)
        expect(app.log()).toContainEqual(expect.objectContaining({ request_id: id, status: 404 }))
        expect((await get('/', { 'X-Request-Id': id })).headers.get('x-request-id')).toBe(id)
      },
    )

    test.each(['', ' ', 'a b', '<script>', 'x'.repeat(129), 'a,b', '{"a":1}'])(
      'are made when the caller sends something else: %j',
      async id => {
        const [one, two] = await Promise.all([get('/', { 'X-Request-Id': id }), get('/nowhere')])
        const made = [one.headers.get('x-request-id'), two.headers.get('x-request-id')]
        expect(made[0]).toMatch(/^[0-9a-f-]{36}$/)
        expect(made[1]).toMatch(/^[0-9a-f-]{36}$/)
        expect(made[0]).not.toBe(made[1])
      },
    )
  })

  test('a valid token does not open what is not there', async () => {
    const reply = await get('/nowhere', { Authorization: `Bearer ${ann.token}` })
    expectProblem(reply, { status: 404, code: 'not_found' })
  })
})
