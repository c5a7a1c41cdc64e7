import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newId } from '../src/lib/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { canaryRequests, NAME } from './support/canaries.ts'
import { exchange } from './support/exchange.ts'
import { mailbox } from './support/mailbox.ts'
import { fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { anonymous, as } from './support/seed.ts'
import { until } from './support/until.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

describe('the log never holds', () => {
  let app: TestApp
  /** What the database throws instead of an answer. */
  let thrown: unknown
  const secrets: string[] = []

  beforeAll(async () => {
    const backends = watchDatabase(({ tables }) => {
      if (thrown !== undefined && !tables.includes('Revocations')) throw thrown
    })
    app = await startApp({}, { backends, outbox: { pollMs: 600_000 } })
  })
  afterAll(() => app.close())

  /** Something that must not be found in the log. */
  const secret = () => {
    const made = `CANARY${randomBytes(9).toString('hex')}`
    secrets.push(made)
    return made
  }
  const email = 'ann@example.com'
  const password = secret()

  /** Everything logged once `requests` more requests are over. */
  const logAfter = async (work: () => Promise<unknown>[]) => {
    const ended = () => app.log().filter(line => line.msg === 'request').length
    const before = ended()
    const requests = work()
    await Promise.all(requests)
    await until(ended, count => count >= before + requests.length)
    return JSON.stringify(app.log())
  }
  const expectNoSecret = (log: string) => {
    for (const text of secrets) expect([text, log.includes(text)]).toEqual([text, false])
    expect(log).not.toContain('CANARY')
  }
  const post = (path: string, body: object | string) =>
    anonymous(app).post(path).set('Content-Type', 'application/json').send(body)
  const loggedIn = async () => {
    const { body } = await post('/auth/login', { email, password }).expect(200)
    secrets.push(body.token, body.refresh_token, ...body.token.split('.'))
    return body
  }

  test('a password, a hash of one, or a token of those who sign up, log in and change their password', async () => {
    const log = await logAfter(() => [
      post('/auth/register', { email, password, name: 'Ann' }).expect(201),
      post('/auth/register', {
        email: 'short@example.com',
        password: secret().slice(0, 7),
        name: 'A',
      }).expect(422),
    ])
    expectNoSecret(log)
    await post('/auth/register', { email, password: secret(), name: 'Ann' }).expect(409)
    await post('/auth/login', { email, password: secret() }).expect(401)
    const tokens = await loggedIn()
    await as(app, tokens).get('/users/profile').expect(200)
    const newPassword = secret()
    const change = (current_password: string, new_password: string) =>
      as(app, tokens).post('/auth/password').send({ current_password, new_password })
    await change(secret(), secret()).expect(401)
    await change(password, newPassword).expect(204)
    await change(newPassword, password).expect(204)

    const { refresh_token } = tokens
    const renewed = (await post('/auth/refresh', { refresh_token }).expect(200)).body
    secrets.push(renewed.token, renewed.refresh_token)
    await post('/auth/refresh', { refresh_token }).expect(401)
    const { dynamo } = app.context.backends
    const row = await dynamo.get<{ password_hash: string }>('Credentials', { email_key: email })
    secrets.push(String(row?.password_hash))
    const sessions = await dynamo.query<{ refresh_hash: string }>('Sessions', {
      KeyConditionExpression: 'user_id = :user',
      ExpressionAttributeValues: { ':user': (await loggedIn()).user.user_id },
    })
    secrets.push(...sessions.items.map(session => session.refresh_hash))
    expectNoSecret(await logAfter(() => [anonymous(app).get('/health').expect(200)]))
  })

  test('the token of a link that was mailed, whoever asks for it and whatever becomes of it', async () => {
    const post202 = (path: string, body: object) => post(path, body).expect(202)
    await post202('/auth/password/forgot', { email })
    const { token, link } = await mailbox(email, app).open()
    const newPassword = secret()
    secrets.push(token, createHash('sha256').update(token).digest('base64url'))
    await post('/auth/password/reset', { token: secret(), password: secret() }).expect(401)
    await post('/auth/password/reset', { token, password: secret().slice(0, 7) }).expect(422)
    await post('/auth/password/reset', { token, [secret()]: secret() }).expect(422)
    await post('/auth/email/verify', { token }).expect(401)
    await post('/auth/email/verify', { token: secret() }).expect(401)
    await post('/auth/email/verify', { token: [secret()] }).expect(422)
    app.context.logger.warn(`a mail quoted by mistake: ${link}`)
    thrown = Object.assign(new Error(`not read: ${link}`), { request: { text: secret(), token } })
    await post('/auth/password/reset', { token, password: secret() }).expect(500)
    thrown = undefined
    // Nor where a mail cannot be sent, and that is told with the mail.
    const { mail } = app.context.backends
    if (!mail) throw new Error('there is no mail')
    const { send } = mail
    mail.send = async ({ text }) => {
      secrets.push(/#token=(\S+)/.exec(text)?.[1] ?? 'none')
      throw Object.assign(new Error(`refused: ${text}`), { text })
    }
    await post202('/auth/password/forgot', { email })
    await until(
      () => app.log().some(({ msg }) => msg === 'outbox job failed, will be tried again'),
      failed => failed,
    )
    mail.send = send
    await post('/auth/password/reset', { token, password: newPassword }).expect(204)
    await post('/auth/password/reset', { token, password: newPassword }).expect(401)
    const { body } = await post('/auth/login', { email, password: newPassword }).expect(200)
    secrets.push(body.token, body.refresh_token)
    const change = { current_password: newPassword, new_password: password }
    await as(app, body).post('/auth/password').send(change).expect(204)
    expectNoSecret(await logAfter(() => [anonymous(app).get(`/verify-email?token=${secret()}`).expect(200)]))
  })

  test('what is in headers, queries and paths', async () => {
    const { token } = await loggedIn()
    const get = (path: string, headers: Record<string, string>) => anonymous(app).get(path).set(headers)
    const signedQuery = () => `X-Amz-Signature=${secret()}&X-Amz-Credential=${secret()}&token=${secret()}`
    const log = await logAfter(() => [
      get('/users/profile', { Authorization: `Bearer ${token}`, Cookie: `session=${secret()}` }).expect(200),
      get('/users/profile', { Authorization: `Bearer ${secret()}` }).expect(401),
      get('/users/profile', { Authorization: `Basic ${secret()}` }).expect(401),
      get('/users/profile', { Authorization: secret(), 'X-Api-Key': secret() }).expect(401),
      get('/users/profile', { Authorization: `Bearer ${token.slice(0, -9)}AAAAAAAAA` }).expect(401),
      get(`/health?${signedQuery()}`, {}).expect(200),
      get(`/nowhere/${secret()}?${signedQuery()}`, {}).expect(404),
      get(`/posts/${secret()}?${signedQuery()}`, {}).expect(404),
      get(`/auth/sessions?${signedQuery()}`, { Authorization: `Bearer ${token}` }).expect(422),
      get(`/auth/sessions?cursor=${secret()}`, { Authorization: `Bearer ${token}` }).expect(400),
    ])
    expectNoSecret(log)
  })

  test('a body that is refused', async () => {
    const large = { email, password: `${secret()}${'x'.repeat(300_000)}` }
    const log = await logAfter(() => [
      post('/auth/login', `{"email": "${email}", "password": "${secret()}"`).expect(400),
      post('/auth/login', `{"email": "${email}", "password": ${secret()}}`).expect(400),
      post('/auth/login', `"${secret()}"`).expect(422),
      post('/auth/login', { email, password: secret(), [secret()]: secret() }).expect(422),
      post('/auth/login', { email: { password: secret() }, password: [secret()] }).expect(422),
      post('/auth/login', large).expect(413),
      post('/auth/refresh', { refresh_token: [secret()] }).expect(422),
      anonymous(app).post('/auth/login').type('form').send({ email, password: secret() }).expect(415),
      post('/auth/login', secret()).set('Content-Type', 'application/json; charset=utf-7').expect(415),
      post('/auth/login', secret()).set('Content-Encoding', 'gzip').expect(415),
    ])
    expectNoSecret(log)
  })

  test('what hangs on an error that is thrown inside', async () => {
    const { token } = await loggedIn()
    const url = () =>
      `https://store.example.com/a?X-Amz-Signature=${secret()}&X-Amz-Security-Token=${secret()}`
    const withRequest = () => {
      const headers = { Authorization: `Bearer ${secret()}`, Cookie: secret() }
      const config = { headers, body: { password: secret() }, data: secret() }
      return Object.assign(new Error(`GET ${url()} failed (authorization: Bearer ${secret()})`), { config })
    }
    const failures = [
      withRequest(),
      new Error('outer', { cause: withRequest() }),
      new AggregateError([withRequest(), withRequest()], 'all of them failed'),
      { headers: { 'x-password': secret() }, body: secret() },
      `the request to ${url()} failed`,
    ]
    for (const failure of failures) {
      const before = app.log().length
      thrown = failure
      const log = await logAfter(() => [
        post('/auth/login', { email, password: secret() }).expect(500),
        post('/auth/register', { email: 'bob@example.com', password: secret(), name: 'Bob' }).expect(500),
        post('/auth/refresh', { refresh_token: secret() }).expect(401),
        anonymous(app).get('/auth/sessions').set('Authorization', `Bearer ${token}`).expect(500),
      ])
      thrown = undefined
      expectNoSecret(log)
      // It is told all the same that it failed, and why.
      const errors = app
        .log()
        .slice(before)
        .filter(line => line.level === 'error')
      expect(errors).toHaveLength(3)
      for (const { err, request_id } of errors) {
        expect(JSON.stringify(err)).toMatch(/failed|thrown/)
        expect(request_id).toMatch(/^[0-9a-f-]{36}$/)
      }
    }
  })

  test('any field of any operation, where that fails inside', async () => {
    const { token } = await loggedIn()
    // But for that which would end the session of all the others.
    const operations = operationsOf(await fetchDocument(app)).filter(
      ({ template }) => template !== '/auth/logout',
    )
    const names = ['user_id', 'session_id', 'post_id', 'comment_id', 'file_id', 'upload_id']
    const ids = Object.fromEntries(names.map(name => [name, newId()]))
    const requests = operations.flatMap(operation =>
      canaryRequests(operation, token, { ...ids, part_number: '1' }),
    )
    thrown = Object.assign(new Error('the database is not what it was'), {
      request: { body: secret(), token },
    })
    const statuses: number[] = []
    const log = await logAfter(() =>
      requests.map(async request => {
        const { status, text } = await exchange(app.url, request)
        statuses.push(status)
        if (status >= 400) expectNoSecret(text)
      }),
    )
    thrown = undefined
    expect(statuses.filter(status => status === 500).length).toBeGreaterThan(operations.length)
    expectNoSecret(log)
    expect(log).not.toContain(NAME)
  })

  test('what is logged as a whole by mistake', async () => {
    const { logger } = app.context
    const headers = { authorization: secret(), cookie: secret() }
    logger.info({ req: { headers, url: `/files?X-Amz-Signature=${secret()}&a=1` } }, 'an object')
    logger.warn({ body: { email, password: secret(), refresh_token: secret(), token: secret() } }, 'a body')
    logger.error({ password: secret(), secret: secret() }, `sent Authorization: Bearer ${secret()} to it`)
    logger.child({ headers }).debug('from a child')
    const log = JSON.stringify(app.log())
    expectNoSecret(log)
    expect(log).toContain('a=1')
    expect(log).toContain('[redacted]')
  })
})
