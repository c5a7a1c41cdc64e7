import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createApp } from '../src/app.ts'
import { startServer } from '../src/server.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

describe('the HTTP frame', () => {
  let app: TestApp
  let ann: SeededUser
  let post: SeededPost

  beforeAll(async () => {
    app = await startApp()
    const seed = seedInto(app)
    ann = await seed.user('ann')
    post = await seed.post(ann)
  })
  afterAll(() => app.close())

  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    exchange(app.url, { method, path, headers })
  const bearer = () => ({ Authorization: `Bearer ${ann.token}` })

  describe('methods', () => {
    // A static path that shadows one with a parameter has methods of its own.
    const ALLOW = {
      '/': 'GET, HEAD, OPTIONS',
      '/health': 'GET, HEAD, OPTIONS',
      '/auth/login': 'OPTIONS, POST',
      '/auth/sessions': 'GET, HEAD, OPTIONS',
      '/auth/sessions/x': 'DELETE, OPTIONS',
      '/users/profile': 'GET, HEAD, OPTIONS, PATCH',
      '/users/x': 'GET, HEAD, OPTIONS',
      '/posts': 'GET, HEAD, OPTIONS, POST',
      '/posts/x': 'DELETE, GET, HEAD, OPTIONS, PATCH',
    }

    test.each(Object.entries(ALLOW))(
      '%s refuses other methods with 405 and allows %s',
      async (path, allow) => {
        const taken = allow.split(', ')
        for (const method of ['PUT', 'DELETE', 'PATCH', 'POST', 'GET', 'PROPFIND'].filter(
          one => !taken.includes(one),
        )) {
          const reply = await send(method, path, bearer())
          expectProblem(reply, { status: 405, code: 'method_not_allowed' })
          expect(reply.headers.get('allow')).toBe(allow)
        }
      },
    )

    test.each(Object.entries(ALLOW))('OPTIONS %s is 204 with Allow: %s', async (path, allow) => {
      const reply = await send('OPTIONS', path)
      expect([reply.status, reply.headers.get('allow'), reply.text]).toEqual([204, allow, ''])
    })

    test('OPTIONS of an unknown path is 404', async () => {
      expectProblem(await send('OPTIONS', '/nowhere'), { status: 404, code: 'not_found' })
    })

    test('HEAD of what can only be posted is 405 without a body', async () => {
      const reply = await send('HEAD', '/auth/login')
      expect([reply.status, reply.text]).toEqual([405, ''])
      expect(reply.headers.get('allow')).toBe('OPTIONS, POST')
    })

    test.each(['/', '/openapi.json', '/users/profile', '/users/:user', '/posts/:post', '/users/:user/posts'])(
      'HEAD %s is GET without the body',
      async pattern => {
        const path = pattern.replace(':user', ann.user_id).replace(':post', post.post_id)
        const [get, head] = await Promise.all([send('GET', path, bearer()), send('HEAD', path, bearer())])
        const own = ({ headers }: typeof get) =>
          [...headers].filter(
            ([name]) => !['connection', 'date', 'keep-alive', 'x-request-id'].includes(name),
          )
        expect(head.status).toBe(200)
        expect(head.text).toBe('')
        expect(own(head)).toEqual(own(get))
        expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)))
      },
    )
  })

  describe('headers', () => {
    test.each(['/', '/posts/:post', '/nowhere', '/users/profile'])(
      '%s has what protects an API and nothing that speaks to pages or of the software',
      async pattern => {
        const { headers } = await send('GET', pattern.replace(':post', post.post_id))
        expect(headers.get('content-security-policy')).toBe(
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';object-src 'none'",
        )
        expect(headers.get('x-content-type-options')).toBe('nosniff')
        expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/)
        expect(headers.get('referrer-policy')).toBe('no-referrer')
        for (const name of [
          'x-powered-by',
          'server',
          'x-xss-protection',
          'x-dns-prefetch-control',
          'set-cookie',
        ])
          expect([name, headers.get(name)]).toEqual([name, null])
      },
    )

    test('what is created says where it is', async () => {
      const { headers, body } = await as(app, ann).post('/posts').send({ content: 'here' }).expect(201)
      expect(headers.location).toBe(`/posts/${body.post.post_id}`)
      await as(app, ann).get(`/posts/${body.post.post_id}`).expect(200)
    })
  })

  test('headers that never come to an end are given up when their time is over', async () => {
    const { logger } = app.context
    const server = await startServer(createApp(app.context), '127.0.0.1', 0, logger, { headersMs: 500 })
    const { hostname, port } = new URL(server.url)
    let received = ''
    const socket = connect(Number(port), hostname)
    socket.setEncoding('utf8').on('data', text => {
      received += text
    })
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    await until(
      () => socket.readyState,
      state => state !== 'open' && state !== 'opening',
    )
    socket.destroy()
    await server.close()
    expect(received).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n.*"code":"request_timeout"/s)
  })

  describe('forwarded addresses', () => {
    const FORGED = {
      'X-Forwarded-For': '203.0.113.9, 198.51.100.7',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
    }

    /** The address that the app takes for the client's, with a number of trusted proxies before it. */
    const seenAddress = async (trusted: string, headers: Record<string, string>) => {
      const other = await startApp({ ...app.env, TRUST_PROXY: trusted })
      const inner = createApp(other.context)
      let seen: unknown
      const outer = await startServer(
        (req, res) => {
          res.once('finish', () => {
            seen = 'ip' in req ? req.ip : undefined
          })
          inner(req, res)
        },
        '127.0.0.1',
        0,
        other.context.logger,
      )
      await exchange(outer.url, { method: 'GET', path: '/health', headers })
      await outer.close()
      await other.close()
      return seen
    }

    test('mean nothing unless proxies are trusted', async () => {
      expect(await seenAddress('0', FORGED)).toBe('127.0.0.1')
      const [plain, forged] = await Promise.all([send('GET', '/'), send('GET', '/', FORGED)])
      expect(forged.text).toBe(plain.text)
    })

    test('count from the end, as many as there are trusted proxies', async () => {
      expect(await seenAddress('1', FORGED)).toBe('198.51.100.7')
      expect(await seenAddress('2', FORGED)).toBe('203.0.113.9')
      expect(await seenAddress('1', {})).toBe('127.0.0.1')
    })
  })
})
