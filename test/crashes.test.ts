import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { z } from 'zod'
import { endpoint } from '../src/http/endpoint.ts'
import { mount } from '../src/http/mount.ts'
import { ProblemDetails, problemHandler } from '../src/http/problem.ts'
import { noRateLimits } from '../src/http/rate-limit.ts'
import { requestLog } from '../src/http/request-log.ts'
import { createLogger } from '../src/infra/logger.ts'
import { unavailable } from '../src/lib/errors.ts'
import { type RunningServer, startServer } from '../src/server.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'

/** Whatever a handler can throw, mistakes included, and what the log must say of it. */
const THROWN: [name: string, thrown: unknown, logged: RegExp][] = [
  ['an error', new Error('the secret cause'), /the secret cause/],
  [
    'an error with a status of its own',
    Object.assign(new Error('the secret cause'), { status: 418 }),
    /secret/,
  ],
  [
    'an error that names a type',
    Object.assign(new Error('the secret cause'), { status: 400, type: 'constructor' }),
    /secret/,
  ],
  ['a string', 'the secret cause', /the secret cause/],
  ['a string that the router has a meaning for', 'route', /route/],
  ['another such string', 'router', /router/],
  ['an object', { cause: 'the secret cause' }, /something thrown: object/],
  ['a mistake with an escape', new URIError('the secret cause'), /secret/],
  ['undefined', undefined, /Problem/],
  ['null', null, /Problem/],
  ['zero', 0, /something thrown: number/],
]

describe('a handler that throws', () => {
  let server: RunningServer
  const lines: string[] = []

  beforeAll(async () => {
    const describedAs = { method: 'get', summary: '', auth: 'none', status: 200 } as const
    const routes = [
      ...THROWN.flatMap(([, thrown], at) => [
        endpoint({ ...describedAs, path: `/sync/${at}` }, () => {
          throw thrown
        }),
        endpoint({ ...describedAs, path: `/async/${at}` }, () => Promise.reject(thrown)),
      ]),
      endpoint({ ...describedAs, path: '/reply', reply: z.strictObject({ a: z.string() }) }, () =>
        JSON.parse('{"a":1}'),
      ),
      endpoint({ ...describedAs, path: '/busy' }, () => {
        throw unavailable('Too many.', 7, new Error('the secret cause'))
      }),
    ]
    const logger = createLogger('info', { write: line => void lines.push(line) })
    const router = mount(routes, {
      authentication: () => (_req, _res, next) => next(),
      rateLimits: noRateLimits,
      uploadSlots: (_req, _res, next) => next(),
      answerWithinMs: 10_000,
      checkReplies: true,
    })
    const torn = express.Router().get('/torn', (_req, res) => {
      res.writeHead(200, { 'Content-Length': '1000' }).write('half')
      throw new Error('half-way')
    })
    server = await startServer(
      express().use(requestLog(logger), torn, router, problemHandler(logger)),
      '127.0.0.1',
      0,
      logger,
    )
  })
  afterAll(() => server.close())

  const get = (path: string) => exchange(server.url, { method: 'GET', path })
  const logged = (id: string | null) => lines.filter(line => JSON.parse(line).request_id === id)

  test.each(THROWN.map(([name, , log], at) => [name, at, log] as const))(
    '%s is a 500 that says nothing, with the cause in the log under its request id',
    async (_name, at, log) => {
      for (const path of [`/sync/${at}`, `/async/${at}`]) {
        const reply = await get(path)
        const problem = expectProblem(reply, { status: 500, code: 'internal' })
        expect(reply.text).not.toMatch(/secret|stack|\.ts/)
        const errors = logged(problem.request_id).filter(line => JSON.parse(line).level === 'error')
        expect(errors).toHaveLength(1)
        expect(errors[0]).toMatch(log)
      }
    },
  )

  test('a reply that breaks its own schema is a 500', async () => {
    expectProblem(await get('/reply'), { status: 500, code: 'internal' })
  })

  test('what is known to pass says when to come again', async () => {
    const reply = await get('/busy')
    expectProblem(reply, { status: 503, code: 'unavailable' })
    expect(reply.headers.get('retry-after')).toBe('7')
    expect(reply.text).not.toContain('secret')
    expect(logged(reply.headers.get('x-request-id')).join()).toContain('the secret cause')
  })

  test('a reply that breaks half-way is cut off, so that nobody takes it for a whole one', async () => {
    await expect(get('/torn')).rejects.toThrow()
    await expect(get('/busy')).resolves.toMatchObject({ status: 503 })
  })
})

describe('what is no HTTP', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  /** Writes bytes to a connection of its own and reads until the other side ends it. */
  const raw = async (text: string) => {
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname)
    socket.write(text)
    const parts: Buffer[] = []
    for await (const part of socket) parts.push(part)
    const [head = '', body = ''] = Buffer.concat(parts).toString().split('\r\n\r\n')
    const [, status] = head.split(' ')
    return { status: Number(status), head: head.toLowerCase(), body }
  }

  test.each([
    ['garbage', '\u0000\u0001\u0002 garbage\r\n\r\n', 400],
    ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001', 400],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 400],
    ['a length that is no number', 'POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n', 400],
    ['a negative length', 'POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    [
      'two lengths',
      'POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      400,
    ],
    [
      'a length and chunks',
      'POST /posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a broken header', 'GET / HTTP/1.1\r\nHost: x\r\nNo Colon Here\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
  ])('%s is answered with a problem', async (_name, text, expected) => {
    const { status, head, body } = await raw(text)
    const problem = ProblemDetails.parse(JSON.parse(body))
    expect([status, problem.status]).toEqual([expected, expected])
    expect(head).toContain('content-type: application/problem+json')
    expect(head).toContain('connection: close')
    expect(body).not.toMatch(/HPE_|node:/)
    expect(head).toContain(`x-request-id: ${problem.request_id}`)
    expect(app.log().filter(line => line.request_id === problem.request_id)).toHaveLength(1)
  })

  test('a request without a Host, or with an Expect that nobody knows, is answered like any other', async () => {
    expect(await raw('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatchObject({ status: 200 })
    const odd = 'GET /nowhere HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\nConnection: close\r\n\r\n'
    const { status, body } = await raw(odd)
    expect(status).toBe(404)
    expect(ProblemDetails.parse(JSON.parse(body)).code).toBe('not_found')
  })

  test('garbage after a whole request is never taken for the answer to it', async () => {
    const login = JSON.stringify({ email: 'nobody@example.com', password: 'does not matter' })
    const { head } = await raw(
      `POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${login.length}\r\n\r\n` +
        `${login}garbage\r\n\r\n`,
    )
    expect(head).not.toContain('400')
  })

  test('the service goes on after it', async () => {
    await raw('garbage\r\n\r\n')
    expect((await exchange(app.url, { method: 'GET', path: '/health' })).status).toBe(200)
  })
})
