import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import jwt from 'jsonwebtoken'
import { v7 } from 'uuid'
import { createRefreshTokens } from '../src/auth/refresh-token.ts'
import type { SessionRecord } from '../src/auth/session.ts'
import { createKeyRing } from '../src/lib/keys.ts'
import { createSeal } from '../src/lib/seal.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

const DAY = 86_400

interface Session {
  session_id: string
  created_date: string
  last_used_date: string
  user_agent: string | null
  current: boolean
}

describe('sessions', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  /** Calls to the database that wait for each other, so that they are made at the same time. */
  let waiting: (() => void)[] | undefined

  beforeAll(async () => {
    const backends = watchDatabase(({ method, tables }) => {
      const together = waiting
      if (!together || method !== 'transact' || !tables.includes('Revocations')) return
      return new Promise(resolve => together.push(resolve))
    })
    app = await startApp({}, { backends })
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const loginFrom = async (userAgent: string | null, { email, password }: SeededUser) => {
    const sent = anonymous(app).post('/auth/login')
    if (userAgent !== null) sent.set('User-Agent', userAgent)
    return (await sent.send({ email, password }).expect(200)).body
  }
  const idOf = ({ token }: { token: string }): string => {
    const payload = jwt.decode(token, { json: true })
    return payload?.sid
  }
  const list = async (user: Pick<SeededUser, 'token'>, query: object = {}) => {
    const { body } = await as(app, user).get('/auth/sessions').query(query).expect(200)
    const { sessions, next_cursor }: { sessions: Session[]; next_cursor: string | null } = body
    return { sessions, next_cursor }
  }
  const ids = (sessions: Session[]) => sessions.map(session => session.session_id)

  test('are told to their owner, newest first, and which one it is that asks', async () => {
    const ann = await seed.user('ann')
    await seed.user('bob')
    const phone = await loginFrom('Phone/1.0', ann)
    const desk = await loginFrom(`Desk/2.0 ${'x'.repeat(1000)}`, ann)
    const nameless = await loginFrom(null, ann)
    const { sessions, next_cursor } = await list(phone)
    expect(next_cursor).toBeNull()
    expect(ids(sessions)).toEqual([idOf(nameless), idOf(desk), idOf(phone), idOf(ann)])
    expect(sessions.map(session => session.current)).toEqual([false, false, true, false])
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(sessions[2]).toStrictEqual({
      session_id: idOf(phone),
      created_date: time,
      last_used_date: time,
      user_agent: 'Phone/1.0',
      current: true,
    })
    expect(sessions[1]?.user_agent).toMatch(/^Desk\/2\.0 x+$/)
    expect(sessions[0]?.user_agent).toBeNull()
  })

  test('come in pages that hold each of them once', async () => {
    const ann = await seed.user('ann')
    const opened = [ann]
    for (let at = 0; at < 6; at++) opened.push({ ...ann, ...(await login(app, ann)) })
    const newestFirst = opened.map(idOf).reverse()
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = []
      let cursor: string | null | undefined
      do {
        const page = await list(ann, { limit, ...(cursor && { cursor }) })
        expect(page.sessions.length).toBeLessThanOrEqual(limit)
        seen.push(...ids(page.sessions))
        cursor = page.next_cursor
      } while (cursor !== null)
      expect(seen).toEqual(newestFirst)
    }
  })

  test('are not told by somebody else’s cursor', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await login(app, ann)
    const { next_cursor } = await list(ann, { limit: 1 })
    const { body } = await as(app, bob).get('/auth/sessions').query({ cursor: next_cursor }).expect(400)
    expect(body.code).toBe('invalid_cursor')
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2', 'page=2']) {
      await as(app, bob).get(`/auth/sessions?${query}`).expect(422)
    }
    await anonymous(app).get('/auth/sessions').expect(401)
  })

  test('that have run out are not shown, cannot be ended and do not go on', async () => {
    const ann = await seed.user('ann')
    const old = await login(app, ann)
    await app.context.backends.dynamo.update('Sessions', {
      Key: { user_id: ann.user_id, session_id: idOf(old) },
      UpdateExpression: 'SET expires_at = :past',
      ExpressionAttributeValues: { ':past': Math.floor(Date.now() / 1000) - 1 },
    })
    const { sessions, next_cursor } = await list(ann)
    expect(ids(sessions)).toEqual([idOf(ann)])
    expect(next_cursor).toBeNull()
    // Also where it would have been a page of its own.
    const first = await list(ann, { limit: 1 })
    const { sessions: rest } = await list(ann, { limit: 1, cursor: String(first.next_cursor) })
    expect(ids([...first.sessions, ...rest])).toEqual([idOf(ann)])
    await as(app, ann)
      .delete(`/auth/sessions/${idOf(old)}`)
      .expect(404)
    const { refresh_token } = old
    const { body } = await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(401)
    expect(body.code).toBe('invalid_refresh_token')
  })

  test('end thirty days after their last refresh, and ninety after the log-in however often they are refreshed', async () => {
    const { dynamo } = app.context.backends
    const ann = await seed.user('ann')
    const now = Math.floor(Date.now() / 1000)
    const rowOf = async (session_id: string) => {
      const row = await dynamo.get<SessionRecord>('Sessions', { user_id: ann.user_id, session_id })
      if (!row) throw new Error('there is no such session')
      return row
    }
    const row = await rowOf(idOf(ann))
    expect((row.expires_at - now) / DAY).toBeCloseTo(30, 2)

    // As if she had logged in a while ago, and come back again and again since.
    const refreshTokens = createRefreshTokens(
      createSeal(createKeyRing(String(app.env.JWT_SECRET)), 'refresh-token'),
    )
    const bornBefore = async (days: number) => {
      const session_id = v7({ msecs: (now - days * DAY) * 1000 })
      const { token, refresh_hash } = refreshTokens.issue(ann.user_id, session_id)
      await dynamo.writeMany('Sessions', [{ ...row, session_id, refresh_hash }], [])
      return { session_id, token }
    }
    for (const [age, left] of [
      [10, 30],
      [59, 30],
      [80, 10],
      [89, 1],
    ] as const) {
      const { session_id, token } = await bornBefore(age)
      await anonymous(app).post('/auth/refresh').send({ refresh_token: token }).expect(200)
      expect(((await rowOf(session_id)).expires_at - now) / DAY).toBeCloseTo(left, 2)
    }
  })

  test('can be ended by their owner, once', async () => {
    const ann = await seed.user('ann')
    const other = await login(app, ann)
    const path = `/auth/sessions/${idOf(other)}`
    const { text } = await as(app, ann).delete(path).expect(204)
    expect(text).toBe('')
    await as(app, other).get('/users/profile').expect(401)
    const { refresh_token } = other
    await anonymous(app).post('/auth/refresh').send({ refresh_token }).expect(401)
    expect(ids((await list(ann)).sessions)).toEqual([idOf(ann)])
    const { body } = await as(app, ann).delete(path).expect(404)
    expect(body.code).toBe('not_found')
    // The own one too: that is a log-out.
    await as(app, ann)
      .delete(`/auth/sessions/${idOf(ann)}`)
      .expect(204)
    await as(app, ann).get('/users/profile').expect(401)
  })

  test('are ended once by those who do it at the same time', async () => {
    const ann = await seed.user('ann')
    const other = await login(app, ann)
    const together: (() => void)[] = []
    waiting = together
    const ends = Promise.all(
      Array.from({ length: 6 }, () => as(app, ann).delete(`/auth/sessions/${idOf(other)}`)),
    )
    await until(
      () => together.length,
      count => count === 6,
    )
    waiting = undefined
    for (const go of together) go()
    const statuses = (await ends).map(reply => reply.status)
    expect(statuses.sort()).toEqual([204, 404, 404, 404, 404, 404])
  })

  test('of somebody else are nothing that one could end', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await as(app, bob)
      .delete(`/auth/sessions/${idOf(ann)}`)
      .expect(404)
    await as(app, ann).get('/users/profile').expect(200)
    const unknown = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
    for (const id of [unknown, 'nothing', idOf(ann).toUpperCase(), '%00', '__proto__']) {
      const { body } = await as(app, ann).delete(`/auth/sessions/${id}`).expect(404)
      expect(body.status).toBe(404)
    }
    await anonymous(app)
      .delete(`/auth/sessions/${idOf(ann)}`)
      .expect(401)
  })
})
