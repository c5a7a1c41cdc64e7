import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { uploaded } from './support/uploads.ts'

/** What every reply has, whoever writes it: for browsers that show it, frame it, or look whether it is a script. */
const PROTECTION = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': expect.stringMatching(/(^|;) ?frame-ancestors 'none'/),
}
const RULES = ["default-src 'none'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"]

describe('on the wire', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp({ REGISTRATION_MODE: 'verify' })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  /** Sends bytes as they are and resolves with all that comes back. */
  const raw = async (text: string, url = app.url) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let reply = ''
    socket.on('data', chunk => {
      reply += chunk
    })
    socket.on('error', () => {})
    socket.end(Buffer.from(text, 'latin1'))
    await once(socket, 'close')
    return reply
  }
  const headersOf = (reply: string) =>
    new Headers(
      reply
        .slice(0, reply.indexOf('\r\n\r\n'))
        .split('\r\n')
        .slice(1)
        .map(line => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
    )

  test('every reply says how it may be shown, also from the operators’ port and where there was no request', async () => {
    const file = await uploaded(app, ann, Buffer.from('<b>bold</b>'), { name: 'a.txt', type: 'text/plain' })
    const bearer = { Authorization: `Bearer ${ann.token}` }
    const { body } = await as(app, ann).post(`/files/${file.file_id}/url`).expect(200)
    const signed = new URL(body.url)
    const replies = await Promise.all([
      ...['/', '/docs', '/docs/page.js', '/reset-password', '/nowhere', '/posts/%zz', '/users/profile'].map(
        path => exchange(app.url, { method: 'GET', path }),
      ),
      exchange(app.url, { method: 'GET', path: `/files/${file.file_id}/content`, headers: bearer }),
      exchange(app.url, { method: 'GET', path: signed.pathname + signed.search }),
      exchange(app.url, { method: 'GET', path: signed.pathname }),
      ...['/metrics', '/nowhere'].map(path => exchange(app.adminUrl, { method: 'GET', path })),
    ])
    const unheard = await Promise.all([
      raw('nonsense\r\n\r\n'),
      raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
      raw('nonsense\r\n\r\n', app.adminUrl),
    ])
    expect(replies.map(({ status }) => status)).toEqual([
      ...[200, 200, 200, 200, 404, 400, 401],
      ...[200, 200, 403],
      ...[200, 404],
    ])
    expect(unheard.map(reply => reply.slice(9, 12))).toEqual(['400', '431', '400'])
    for (const headers of [...replies.map(reply => reply.headers), ...unheard.map(headersOf)]) {
      expect(Object.fromEntries(headers)).toMatchObject(PROTECTION)
      const policy = headers.get('content-security-policy') ?? ''
      for (const rule of RULES) expect(policy).toContain(rule)
      expect(headers.get('content-type')).not.toMatch(/^text\/(?!plain$)(?!.*charset=utf-8)/)
    }
    // The one text that goes without a charset is a user's own: nobody knows what it was written in.
    expect(replies.filter(({ headers }) => headers.get('content-type') === 'text/plain')).toHaveLength(2)
  })

  test.each([
    ['by a length and by chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['by two lengths', 'Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd'],
    ['by two lengths in one', 'Content-Length: 4, 40\r\n\r\nabcd'],
    ['by chunks that are none', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['by a length that is no number', 'Content-Length: +4\r\n\r\nabcd'],
    ['by chunks of a wrong length', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n0\r\n\r\n'],
  ])(
    'a request whose length is told %s is refused, and what lies behind it is not heard',
    async (_what, rest) => {
      const smuggled = `GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled\r\n\r\n`
      const reply = await raw(
        `POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}${smuggled}`,
      )
      expect(reply).toMatch(/^HTTP\/1\.1 400 /)
      expect(reply.match(/HTTP\/1\.1 /g)).toHaveLength(1)
      expect(app.log().filter(line => line.request_id === 'smuggled')).toEqual([])
    },
  )

  test('TRACE echoes nothing', async () => {
    for (const [path, status] of [
      ['/', 405],
      ['/auth/login', 405],
      ['/docs', 405],
      ['/nowhere', 404],
      ['/storage/x', 403],
    ] as const) {
      const headers = { Cookie: 'canary=1', Authorization: 'Bearer canary' }
      const reply = await exchange(app.url, { method: 'TRACE', path, headers })
      expect([path, reply.status]).toEqual([path, status])
      expect(reply.text + [...reply.headers]).not.toContain('canary')
    }
  })

  test('nobody is sent elsewhere, whatever host and path are asked for', async () => {
    for (const path of [
      '//evil.example/',
      '/docs/',
      '/docs',
      '/posts/',
      '/\\evil.example',
      '/%2f%2fevil.example',
    ]) {
      const headers = {
        Host: 'evil.example',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
      }
      const reply = await exchange(app.url, { method: 'GET', path, headers })
      expect(reply.headers.get('location')).toBeNull()
      expect(reply.text).not.toContain('evil.example')
    }
  })
})
