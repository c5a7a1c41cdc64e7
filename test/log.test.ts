import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

describe('the log', () => {
  let app: TestApp
  let ann: SeededUser
  let postId: string
  let made = 0

  beforeAll(async () => {
    app = await startApp()
    const seed = seedInto(app)
    ann = await seed.user('ann')
    postId = (await seed.post(ann)).post_id
  })
  afterAll(() => app.close())

  const linesOf = (requestId: string) => app.log().filter(line => line.request_id === requestId)
  /** The lines of a request that is over. */
  const told = (requestId: string) =>
    until(
      () => linesOf(requestId),
      lines => lines.some(line => line.msg === 'request'),
    )

  /** Sends bytes as they are and resolves with all that comes back. */
  const raw = async (text: string) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    let reply = ''
    socket.on('data', chunk => {
      reply += chunk
    })
    socket.end(Buffer.from(text, 'latin1'))
    await once(socket, 'close')
    return reply
  }

  test('has one line for each request, with the route and never the path', async () => {
    const requests: [string, string, string | null, number, string | null, object?][] = [
      ['GET', '/users/profile', '/users/profile', 200, ann.user_id],
      ['GET', `/posts/${postId}?x=1`, '/posts/:post_id', 200, ann.user_id],
      ['HEAD', `/posts/${postId}`, '/posts/:post_id', 200, ann.user_id],
      ['GET', '/posts/none', '/posts/:post_id', 404, ann.user_id],
      ['GET', '/health', '/health', 200, null],
      ['GET', '/no/such/path', null, 404, null],
      ['GET', '/posts/%zz', null, 400, null],
      ['PUT', '/users/profile', '/users/profile', 405, null],
      ['OPTIONS', '/users/profile', '/users/profile', 204, null],
      ['POST', '/posts', '/posts', 422, ann.user_id, {}],
      ['POST', '/auth/login', '/auth/login', 401, null, { email: ann.email, password: 'wrong' }],
      ['POST', '/auth/login', '/auth/login', 200, null, { email: ann.email, password: ann.password }],
    ]
    for (const [at, [method, path, route, status, user_id, body]] of requests.entries()) {
      const request_id = `line-${at}`
      const reply = await fetch(app.url + path, {
        method,
        headers: {
          Authorization: `Bearer ${ann.token}`,
          'X-Request-Id': request_id,
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
      await reply.arrayBuffer()
      expect([path, reply.status]).toEqual([path, status])
      const lines = await told(request_id)
      expect(lines.filter(line => line.level === 'info')).toEqual([
        {
          level: 'info',
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          msg: 'request',
          request_id,
          method,
          route,
          status,
          duration_ms: expect.any(Number),
          user_id,
          ...(status >= 400 && { code: expect.stringMatching(/^[a-z_]+$/) }),
          ...(route === '/auth/login' && { account: ann.user_id, address: '127.0.0.1' }),
        },
      ])
    }
  })

  test('tells of whoever comes in whose account it was and from where, and of whoever is refused from where', async () => {
    const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const id = `comes-in-${++made}`
      const call = anonymous(app)
        .post(path)
        .set({ 'X-Request-Id': id, ...headers })
      const { body: reply } = await call.send(body)
      const [{ status, account, address, user_id, code } = {}] = await told(id)
      return { reply, line: { status, account, address, user_id, code } }
    }
    const { email, password } = ann
    const at = { address: '127.0.0.1' }
    const about = { account: ann.user_id, ...at }

    const cat = { email: 'cat@example.com', password: 'the password of cat', name: 'Cat' }
    const registered = await post('/auth/register', cat)
    expect(registered.line).toMatchObject({ status: 201, account: registered.reply.user.user_id, ...at })
    expect((await post('/auth/register', cat)).line).toEqual({
      ...{ status: 409, account: undefined, address: undefined, user_id: null, code: 'email_taken' },
    })
    const loggedIn = await post('/auth/login', { email, password })
    expect(loggedIn.line).toMatchObject({ status: 200, ...about })
    const wrong = await post('/auth/login', { email, password: 'not the one' })
    expect(wrong.line).toMatchObject({ status: 401, ...about, code: 'invalid_credentials' })
    const nobody = await post('/auth/login', { email: 'nobody@example.com', password })
    expect(nobody.line).toMatchObject({ status: 401, account: undefined, ...at, code: 'invalid_credentials' })

    const { refresh_token } = loggedIn.reply
    const refreshed = await post('/auth/refresh', { refresh_token })
    expect(refreshed.line).toMatchObject({ status: 200, ...about })
    const replayed = await post('/auth/refresh', { refresh_token })
    expect(replayed.line).toMatchObject({ status: 401, ...about, code: 'invalid_refresh_token' })

    await anonymous(app).post('/auth/password/forgot').send({ email }).expect(202)
    const { token } = await mailbox(email, app).open()
    const reset = { token, password: 'another password of ann' }
    expect((await post('/auth/password/reset', reset)).line).toMatchObject({ status: 204, ...about })
    expect((await post('/auth/password/reset', reset)).line).toMatchObject({ status: 401, ...at })

    const bob = await seedInto(app).user('bob')
    const refused = await as(app, bob).delete(`/posts/${postId}`).set('X-Request-Id', 'not-yours')
    expect(refused.status).toBe(403)
    expect(await told('not-yours')).toMatchObject([{ status: 403, user_id: bob.user_id, ...at }])
  })

  test('does not name a user whose token is not valid', async () => {
    const reply = await as(app, { token: 'garbage' }).get('/users/profile').set('X-Request-Id', 'bad-token')
    expect(reply.status).toBe(401)
    const lines = await told('bad-token')
    expect(lines).toMatchObject([{ status: 401, user_id: null, code: 'unauthorized' }])
  })

  test('has a line for a request whose client went away, and says so', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone\r\nContent-Type: application/json\r\n' +
        'Content-Length: 100\r\n\r\n{"email',
      () => socket.destroy(),
    )
    const lines = await told('gone')
    expect(lines).toMatchObject([{ msg: 'request', route: '/auth/login', aborted: true }])
  })

  test.each([
    'a',
    '0f8fad5b-d9cb-469f-a165-70867728950e',
    'Root=1-67891233-abcdef012345678912345678',
    'a.b:c/d+e=f-g_h',
    'x'.repeat(128),
  ])('takes the caller’s own request id %s', async id => {
    const fine = await anonymous(app).get('/health').set('X-Request-Id', id).expect(200)
    expect(fine.headers['x-request-id']).toBe(id)
    const problem = await anonymous(app).get('/nowhere').set('X-Request-Id', id).expect(404)
    expect(problem.headers['x-request-id']).toBe(id)
    expect(problem.body.request_id).toBe(id)
    await told(id)
  })

  test.each([
    ['an empty one', ''],
    ['one that is too long', 'x'.repeat(129)],
    ['one with a space', 'two words'],
    ['one with a tab', 'two\twords'],
    ['one of another alphabet', 'é'],
    ['one with markup', '<script>'],
    ['one with a quote', '"},{"level":"fatal'],
    ['two of them', 'one\r\nX-Request-Id: two'],
  ])('has a request id of our own instead of %s', async (_what, id) => {
    const reply = await raw(
      `GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: ${id}\r\n\r\n`,
    )
    const made = /^x-request-id: ([0-9a-f-]{36})\r$/im.exec(reply)?.[1] ?? ''
    expect(reply).toContain(`"request_id":"${made}"`)
    expect(await told(made)).toMatchObject([{ status: 404, route: null }])
  })

  test.each(['\u0001', '\u0000', '\u001b[31m', '\u007f'])('says nothing of a header with %j', async bad => {
    const before = app.log().length
    const reply = await raw(`GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: a${bad}b\r\n\r\n`)
    expect(reply).toMatch(/^HTTP\/1\.1 400 /)
    const added = app.log().slice(before)
    expect(added).toHaveLength(1)
    expect(added[0]).toMatchObject({ msg: 'request', status: 400, code: 'malformed_request' })
    expect(JSON.stringify(added)).not.toContain(JSON.stringify(`a${bad}b`).slice(1, -1))
  })
})
