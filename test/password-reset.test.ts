import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

describe('a password that is forgotten', () => {
  let first: TestApp
  let second: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    first = await startApp()
    second = await startApp(first.env)
    seed = seedInto(first)
  })
  afterAll(() => Promise.all([first.close(), second.close()]))

  const forgot = (email: string, app = first) => anonymous(app).post('/auth/password/forgot').send({ email })
  const reset = (token: string, password: string, app = first) =>
    anonymous(app).post('/auth/password/reset').send({ token, password })
  const tryLogin = (email: string, password: string) =>
    anonymous(first).post('/auth/login').send({ email, password })
  const profile = async (app: TestApp, tokens: Pick<SeededUser, 'token'>) =>
    (await as(app, tokens).get('/users/profile')).status
  /** Every job so far is done: what was not mailed by then never will be. */
  const quiet = () =>
    until(
      () => first.context.outbox.waiting(),
      waiting => waiting === 0,
    )

  test('is replaced through a link, and every session ends, on every instance within a second', async () => {
    const ann = await seed.user('ann')
    const bob = await seed.user('bob')
    const sessions = [ann, ...(await Promise.all([login(second, ann), login(first, ann)]))]
    await forgot(` ${ann.email.toUpperCase()}`).expect(202)
    const { token, link } = await mailbox(ann.email, first).open()
    expect(link).toBe(`${first.url}/reset-password#token=${token}`)
    for (const session of sessions) expect(await profile(second, session)).toBe(200)

    const { text } = await reset(token, 'the new one of Ann').expect(204)
    const repliedAt = performance.now()
    expect(text).toBe('')
    for (const session of sessions) expect(await profile(first, session)).toBe(401)
    let acceptedAt = repliedAt
    for (const session of sessions) {
      const look = async () => {
        const askedAt = performance.now()
        const status = await profile(second, session)
        if (status === 200) acceptedAt = askedAt
        return status
      }
      await until(look, status => status === 401)
      const { refresh_token } = session
      await anonymous(second).post('/auth/refresh').send({ refresh_token }).expect(401)
    }
    expect(acceptedAt - repliedAt).toBeLessThan(1000)
    await tryLogin(ann.email, ann.password).expect(401)
    const tokens = await login(second, { ...ann, password: 'the new one of Ann' })
    expect(await profile(first, tokens)).toBe(200)
    expect(await profile(first, bob)).toBe(200)
  })

  test('is asked for with the same reply whoever has an account, and nobody else gets a mail', async () => {
    const ann = await seed.user('ann')
    const suspended = await seed.user('eve')
    await first.context.accounts.suspend(suspended.email)
    const replies = await Promise.all(
      [ann.email, suspended.email, 'nobody@example.com'].map(email =>
        forgot(email).set('X-Request-Id', 'one-and-the-same').expect(202),
      ),
    )
    for (const { text, headers } of replies) {
      expect(text).toBe(replies[0]?.text)
      const { date: _d, ...rest } = headers
      const { date: _e, ...expected } = replies[0]?.headers ?? {}
      expect(rest).toStrictEqual(expected)
    }
    await mailbox(ann.email, first).open()
    await quiet()
    for (const email of [suspended.email, 'nobody@example.com'])
      expect(mailbox(email, first).received()).toEqual([])
  })

  test('is replaced by one of twenty who use the link at once', async () => {
    const ann = await seed.user('ann')
    await forgot(ann.email).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => reset(token, `password number ${at}`, at % 2 ? first : second)),
    )
    const winners = replies.flatMap((reply, at) => (reply.status === 204 ? [at] : []))
    expect(winners).toHaveLength(1)
    for (const [at, { status, body }] of replies.entries()) {
      if (status !== 204) expect(body).toMatchObject({ status: 401, code: 'invalid_email_token' })
      await tryLogin(ann.email, `password number ${at}`).expect(winners.includes(at) ? 200 : 401)
    }
    await reset(token, 'once more please').expect(401)
  })

  test('is not replaced through a link from before the password was changed', async () => {
    const ann = await seed.user('ann')
    for (let count = 1; count <= 3; count++) {
      await forgot(ann.email).expect(202)
      await mailbox(ann.email, first).open(count)
    }
    const [one, two, three] = mailbox(ann.email, first).received()
    await reset(String(two?.token), 'the new one of Ann').expect(204)
    await reset(String(one?.token), 'another one of Ann').expect(401)
    const tokens = await login(first, { ...ann, password: 'the new one of Ann' })
    await reset(String(three?.token), 'another one of Ann').expect(401)
    expect(await profile(first, tokens)).toBe(200)

    await forgot(ann.email).expect(202)
    const { token } = await mailbox(ann.email, first).open(4)
    const change = { current_password: 'the new one of Ann', new_password: 'yet another of Ann' }
    await as(first, tokens).post('/auth/password').send(change).expect(204)
    await reset(token, 'another one of Ann').expect(401)
    await tryLogin(ann.email, 'yet another of Ann').expect(200)
  })

  test('is not replaced through a link that has run out, or was for something else', async () => {
    const ann = await seed.user('ann')
    await forgot(ann.email).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    await anonymous(first).post('/auth/email/verify').send({ token }).expect(401)
    const { dynamo } = first.context.backends
    for await (const row of dynamo.scan<{ token_hash: string; user_id?: string }>('EmailTokens')) {
      if (row.user_id !== ann.user_id) continue
      await dynamo.update('EmailTokens', {
        Key: { token_hash: row.token_hash },
        UpdateExpression: 'SET expires_at = :past',
        ExpressionAttributeValues: { ':past': Math.floor(Date.now() / 1000) - 1 },
      })
    }
    const { body } = await reset(token, 'the new one of Ann').expect(401)
    expect(body).toMatchObject({ code: 'invalid_email_token', error: 'Invalid link' })
    await tryLogin(ann.email, ann.password).expect(200)
  })

  test('is not replaced for a suspended account, also through a link from before', async () => {
    const ann = await seed.user('ann')
    await forgot(ann.email).expect(202)
    const { token } = await mailbox(ann.email, first).open()
    await first.context.accounts.suspend(ann.email)
    await reset(token, 'the new one of Ann').expect(401)
    await first.context.accounts.lift(ann.email)
    await reset(token, 'the new one of Ann').expect(401)
    await tryLogin(ann.email, ann.password).expect(200)
  })

  test('is replaced where many are asked for at once, and each link is a different one', async () => {
    const ann = await seed.user('ann')
    await Promise.all(Array.from({ length: 10 }, (_, at) => forgot(ann.email, at % 2 ? first : second)))
    const box = mailbox(ann.email, first, second)
    await box.open(10)
    const tokens = new Set(box.received().map(({ token }) => token))
    expect(tokens.size).toBe(10)
    const replies = await Promise.all([...tokens].map(token => reset(String(token), 'the new one of Ann')))
    expect(replies.map(({ status }) => status).sort()).toEqual([204, ...Array(9).fill(401)])
  })
})
