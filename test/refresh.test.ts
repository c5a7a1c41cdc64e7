import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'

type Tokens = Pick<SeededUser, 'token' | 'refresh_token'>

describe('refresh tokens', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const refresh = (refresh_token: string) => anonymous(app).post('/auth/refresh').send({ refresh_token })
  const refreshed = async (from: Tokens): Promise<Tokens> =>
    (await refresh(from.refresh_token).expect(200)).body
  const refused = async (refresh_token: string) => {
    const { body } = await refresh(refresh_token).expect(401)
    expect(body).toMatchObject({ code: 'invalid_refresh_token', error: 'Invalid refresh token' })
  }
  const lives = (tokens: Tokens) => as(app, tokens).get('/users/profile').expect(200)
  const isOver = async (tokens: Tokens) => {
    await as(app, tokens).get('/users/profile').expect(401)
    await refused(tokens.refresh_token)
  }

  test('give new tokens of the same session, again and again', async () => {
    const first = await login(app, ann)
    const sessions = (await as(app, first).get('/auth/sessions').expect(200)).body.sessions
    const second = await refreshed(first)
    const third = await refreshed(second)
    expect(new Set([first, second, third].map(tokens => tokens.refresh_token)).size).toBe(3)
    await lives(third)
    // An access token is good until it ends or its session does.
    await lives(first)
    const later = (await as(app, third).get('/auth/sessions').expect(200)).body.sessions
    expect(later.map((s: { session_id: string }) => s.session_id)).toEqual(
      sessions.map((s: { session_id: string }) => s.session_id),
    )
    expect(later[0].last_used_date > sessions[0].last_used_date).toBe(true)
    expect(later[0].created_date).toBe(sessions[0].created_date)
  })

  test('end their whole session when they are used a second time, and no other', async () => {
    const [stolen, other, bob] = await Promise.all([
      login(app, ann),
      login(app, ann),
      seedInto(app).user('bob'),
    ])
    const second = await refreshed(stolen)
    const third = await refreshed(second)
    await lives(third)
    await refused(stolen.refresh_token)
    for (const tokens of [stolen, second, third]) await isOver(tokens)
    for (const tokens of [other, bob, ann]) await lives(tokens)
    await lives(await refreshed(other))
  })

  test('that are made up end nothing', async () => {
    const tokens = await login(app, ann)
    const spent = tokens.refresh_token
    const current = await refreshed(tokens)
    const bytes = Buffer.from(current.refresh_token, 'base64url')
    const altered = (at: number) => {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ 1
      return copy.toString('base64url')
    }
    const withOwnTag = Buffer.concat([bytes.subarray(16), bytes.subarray(0, 16)]).toString('base64url')
    const made = [
      ...[0, 15, 16, 32, 48, bytes.length - 1].map(altered),
      withOwnTag,
      current.refresh_token.slice(0, -1),
      `${current.refresh_token}A`,
      `${current.refresh_token}=`,
      ` ${current.refresh_token}`,
      spent.slice(0, 40),
      current.token,
      'garbage',
      'ü',
    ]
    for (const token of made) await refused(token)
    await lives(current)
    await lives(await refreshed(current))
  })

  test.each([[{}], [{ refresh_token: '' }], [{ refresh_token: 5 }], [{ refresh_token: 'x'.repeat(513) }]])(
    'must be sent as what they are: %j is refused',
    async body => {
      const reply = await anonymous(app).post('/auth/refresh').send(body).expect(422)
      expect(reply.body.errors[0]).toMatchObject({ pointer: '#/refresh_token' })
    },
  )

  test('work for at most one of those who use them at the same time', async () => {
    for (let round = 0; round < 8; round++) {
      const tokens = await login(app, ann)
      const replies = await Promise.all(Array.from({ length: 5 }, () => refresh(tokens.refresh_token)))
      const winners = replies.filter(reply => reply.status === 200)
      expect(winners.length).toBeLessThanOrEqual(1)
      expect(replies.filter(reply => reply.status === 401)).toHaveLength(5 - winners.length)
      // Whoever used it twice: the session is over for all of them.
      await isOver(tokens)
      for (const { body } of winners) await isOver(body)
    }
    await lives(ann)
  })

  test('die with their session', async () => {
    const tokens = await login(app, ann)
    const { text } = await as(app, tokens).post('/auth/logout').expect(204)
    expect(text).toBe('')
    await isOver(tokens)
    await as(app, tokens).post('/auth/logout').expect(401)
  })

  test('do not bring back a session that ends while they are used', async () => {
    for (let round = 0; round < 8; round++) {
      const tokens = await login(app, ann)
      const [renewal] = await Promise.all([
        refresh(tokens.refresh_token),
        as(app, tokens).post('/auth/logout').expect(204),
      ])
      await isOver(tokens)
      if (renewal.status === 200) await isOver(renewal.body)
    }
  })
})
