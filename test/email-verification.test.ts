import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous, as, login } from './support/seed.ts'
import { until } from './support/until.ts'

describe('where an address is confirmed before there is an account', () => {
  let first: TestApp
  let second: TestApp
  let people = 0

  beforeAll(async () => {
    first = await startApp({ REGISTRATION_MODE: 'verify', PUBLIC_URL: 'https://plaza.example.com/social/' })
    second = await startApp(first.env)
  })
  afterAll(() => Promise.all([first.close(), second.close()]))

  const somebody = () => ({
    email: `Somebody${++people}@example.com`,
    password: `the password of ${people}`,
    name: `Somebody ${people}`,
  })
  const register = (body: object, app = first) => anonymous(app).post('/auth/register').send(body)
  const verify = (token: string, app = first) => anonymous(app).post('/auth/email/verify').send({ token })
  const tryLogin = ({ email, password }: { email: string; password: string }) =>
    anonymous(first).post('/auth/login').send({ email, password })
  const rows = async (table: string) => {
    const { client, table: fullName } = first.context.backends.dynamo
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: fullName(table), ConsistentRead: true }),
    )
    return Items
  }
  const confirmed = async () => {
    const person = somebody()
    await register(person).expect(202)
    await verify((await mailbox(person.email, first).open()).token).expect(204)
    return person
  }

  test('signing up makes nothing but a mail, and its link makes the account', async () => {
    const ann = somebody()
    const { body } = await register({ ...ann, email: ` ${ann.email} ` }).expect(202)
    expect(body).toStrictEqual({ message: expect.stringMatching(/mailbox/) })
    const { token, link, text } = await mailbox(ann.email, first).open()
    expect(link).toBe(`https://plaza.example.com/social/verify-email#token=${token}`)
    // Nobody can have us send their own words to somebody else.
    expect(text).not.toContain(ann.name)
    await tryLogin(ann).expect(401)
    expect(JSON.stringify(await rows('Users'))).not.toContain(ann.email)

    const confirmation = await verify(token, second).expect(204)
    expect(confirmation.text).toBe('')
    expect(confirmation.headers['cache-control']).toBe('no-store')
    const tokens = await login(second, ann)
    expect(tokens.user).toMatchObject({ email: ann.email, name: ann.name, posts_count: 0 })
    await as(first, tokens).get('/users/profile').expect(200)
  })

  test('a log-in before that is answered like one of nobody', async () => {
    const ann = somebody()
    await register(ann).expect(202)
    await mailbox(ann.email, first).open()
    const [pending, unknown] = await Promise.all(
      [ann, somebody()].map(person => tryLogin(person).set('X-Request-Id', 'one-and-the-same').expect(401)),
    )
    expect(pending?.text).toBe(unknown?.text)
  })

  test('signing up is answered with the same bytes and headers, whatever there is', async () => {
    const ann = await confirmed()
    const pending = somebody()
    await register(pending).expect(202)
    const suspended = await confirmed()
    await first.context.accounts.suspend(suspended.email)

    const replies = await Promise.all(
      [ann, pending, suspended, somebody()].map(({ email }) =>
        register({ ...ann, email })
          .set('X-Request-Id', 'one-and-the-same')
          .expect(202),
      ),
    )
    for (const { text, headers } of replies) {
      expect(text).toBe(replies[0]?.text)
      const { date: _d, ...rest } = headers
      const { date: _e, ...expected } = replies[0]?.headers ?? {}
      expect(rest).toStrictEqual(expected)
      expect(Object.keys(headers)).toStrictEqual(Object.keys(replies[0]?.headers ?? {}))
    }
  })

  test('whoever has an account is told so by mail, and nothing about it changes', async () => {
    const ann = await confirmed()
    await register({ ...ann, email: ann.email.toUpperCase(), password: 'of somebody else' }).expect(202)
    const { text, link } = await mailbox(ann.email, first).open(2)
    expect(text).toContain('You have an account already')
    expect(link).toBeUndefined()
    await tryLogin(ann).expect(200)
    await tryLogin({ ...ann, password: 'of somebody else' }).expect(401)
    expect(mailbox(ann.email.toUpperCase(), first).received()).toEqual([])
  })

  test('one of twenty who use a link at once makes the one account', async () => {
    const ann = somebody()
    await register(ann).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => verify(token, at % 2 ? first : second)),
    )
    expect(replies.map(({ status }) => status).sort()).toEqual([204, ...Array(19).fill(401)])
    for (const { status, body } of replies)
      if (status === 401) expect(body).toMatchObject({ code: 'invalid_email_token' })
    expect((await rows('Users')).filter(row => row.email?.S === ann.email)).toHaveLength(1)
    await verify(token).expect(401)
    await tryLogin(ann).expect(200)
  })

  test('of several who sign up with one address, the first to confirm has it', async () => {
    const ann = somebody()
    const other = { ...ann, email: ann.email.toLowerCase(), password: 'of somebody else' }
    await register(ann).expect(202)
    await register(other).expect(202)
    const mine = await mailbox(ann.email, first).open()
    const theirs = await mailbox(other.email, first).open()
    await verify(mine.token).expect(204)
    await verify(theirs.token).expect(401)
    await tryLogin(ann).expect(200)
    await tryLogin(other).expect(401)
  })

  test('a link is good for thirty minutes', async () => {
    const ann = somebody()
    await register(ann).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    const row = (await rows('EmailTokens')).find(({ email }) => email?.S === ann.email)
    const left = Number(row?.expires_at?.N) - Date.now() / 1000
    expect(left).toBeGreaterThan(29 * 60)
    expect(left).toBeLessThanOrEqual(30 * 60)
    await first.context.backends.dynamo.update('EmailTokens', {
      Key: { token_hash: String(row?.token_hash?.S) },
      UpdateExpression: 'SET expires_at = :past',
      ExpressionAttributeValues: { ':past': Math.floor(Date.now() / 1000) - 1 },
    })
    await verify(token).expect(401)
    await tryLogin(ann).expect(401)
  })

  test.each([
    ['one letter', 'x'],
    ['43 letters', 'Yk3v0S6r1X9wQe5tLhJ2uPzNcB8mGfA7dKqVxWoIyTs'],
    ['characters NUL', '\u0000'.repeat(43)],
    ['128 emoji', '🦜'.repeat(128)],
  ])('a token that nobody gave out is none: %s', async (_what, token) => {
    const { body } = await verify(token).expect(401)
    expect(body.code).toBe('invalid_email_token')
  })

  test('no table holds a token or a password', async () => {
    const ann = somebody()
    await register(ann).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    await until(
      () => first.context.outbox.waiting(),
      waiting => waiting === 0,
    )
    const everything = JSON.stringify(await Promise.all(['EmailTokens', 'Outbox', 'Credentials'].map(rows)))
    expect(everything).toContain(ann.email)
    for (const secret of [token, ann.password]) expect(everything).not.toContain(secret)
  })

  test('a Host that somebody made up leads nowhere', async () => {
    const ann = somebody()
    await register(ann).set('Host', 'evil.example').set('X-Forwarded-Host', 'evil.example').expect(202)
    const { text, link } = await mailbox(ann.email, first).open()
    expect(link).toMatch(/^https:\/\/plaza\.example\.com\//)
    expect(text).not.toContain('evil')
  })

  test('what is wrong with a field is told as ever', async () => {
    const { body } = await register({ ...somebody(), email: 'ann' }).expect(422)
    expect(body.errors).toMatchObject([{ pointer: '#/email' }])
  })
})
