import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import jwt from 'jsonwebtoken'
import { startApp, type TestApp } from './support/app.ts'
import { testHeavy } from './support/heavy.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

type Tokens = Pick<SeededUser, 'token' | 'refresh_token'>

describe('a session that ends on one instance', () => {
  let first: TestApp
  let second: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    first = await startApp()
    second = await startApp(first.env)
    ann = await seedInto(first).user('ann')
  })
  afterAll(() => Promise.all([first.close(), second.close()]))

  const profile = async (app: TestApp, tokens: Tokens) => (await as(app, tokens).get('/users/profile')).status

  /** Over on the first instance at once, and on the second one a second after the reply at the latest. */
  const expectOver = async (ended: readonly Tokens[], repliedAt: number) => {
    for (const tokens of ended) expect(await profile(first, tokens)).toBe(401)
    await Promise.all(
      ended.map(async tokens => {
        let acceptedAt = repliedAt
        const look = async () => {
          const askedAt = performance.now()
          const status = await profile(second, tokens)
          if (status === 200) acceptedAt = askedAt
          return status
        }
        await until(look, status => status === 401)
        expect(acceptedAt - repliedAt).toBeLessThan(1000)
      }),
    )
    for (const { refresh_token } of ended) {
      for (const app of [first, second]) {
        await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(401)
      }
    }
  }

  test('by a log-out ends on the other within a second', async () => {
    const tokens = await login(first, ann)
    expect(await profile(second, tokens)).toBe(200)
    await as(first, tokens).post('/auth/logout').expect(204)
    await expectOver([tokens], performance.now())
    expect(await profile(second, ann)).toBe(200)
  })

  test('by its owner from elsewhere ends on the other within a second', async () => {
    const tokens = await login(second, ann)
    const { sid } = jwt.decode(tokens.token, { json: true }) ?? {}
    expect(await profile(second, tokens)).toBe(200)
    await as(first, ann).delete(`/auth/sessions/${sid}`).expect(204)
    await expectOver([tokens], performance.now())
    expect(await profile(second, ann)).toBe(200)
  })

  test('by a spent refresh token ends on the other within a second', async () => {
    const tokens = await login(second, ann)
    const { refresh_token } = tokens
    const { body } = await anonymous(second).post('/auth/refresh').send({ refresh_token }).expect(200)
    expect(await profile(second, body)).toBe(200)
    await anonymous(first).post('/auth/refresh').send({ refresh_token }).expect(401)
    await expectOver([tokens, body], performance.now())
    expect(await profile(second, ann)).toBe(200)
  })

  testHeavy('by a change of the password ends on the other within a second, all thirty of them', async () => {
    const others = await Promise.all(
      Array.from({ length: 30 }, (_, at) => login(at % 2 ? first : second, ann)),
    )
    const change = { current_password: ann.password, new_password: 'the new one of Ann' }
    await as(first, ann).post('/auth/password').send(change).expect(204)
    await expectOver(others, performance.now())
    for (const app of [first, second]) expect(await profile(app, ann)).toBe(200)
    await login(second, { ...ann, password: change.new_password })
  })

  test('has ended for an instance that starts afterwards', async () => {
    const bob = await seedInto(first).user('bob')
    await as(first, bob).post('/auth/logout').expect(204)
    const third = await startApp(first.env)
    try {
      expect(await profile(third, bob)).toBe(401)
      expect(await profile(third, ann)).toBe(200)
    } finally {
      await third.close()
    }
  })
})
