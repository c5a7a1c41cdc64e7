import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newId } from '../src/lib/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

describe('whether a session is alive', () => {
  let app: TestApp
  /** Another instance, through which sessions end without the first being told. */
  let other: TestApp
  let ann: SeededUser
  let calls: DatabaseCall[] = []
  /** What the first instance's reading of the ended sessions waits for. */
  let held: Promise<void> | undefined

  const before = async (call: DatabaseCall) => {
    calls.push(call)
    if (call.tables.includes('Revocations') && call.method === 'query') await held
  }
  const to = (table: string) => calls.filter(call => call.tables.includes(table))

  beforeAll(async () => {
    // No outbox polls in between: what is counted is what requests cost.
    app = await startApp({}, { backends: watchDatabase(before), outbox: { pollMs: 600_000 } })
    other = await startApp(app.env)
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => Promise.all([app.close(), other.close()]))

  const profile = async (user: Pick<SeededUser, 'token'>) =>
    (await as(app, user).get('/users/profile')).status

  test('costs the database nothing, however many ask', async () => {
    const bob = await seedInto(app).user('bob')
    const sessions = [ann, bob, ...(await Promise.all([login(app, ann), login(app, bob), login(app, ann)]))]
    // The cache knows of a post that it is not there as well as of one that is.
    const path = `/posts/${newId()}`
    const ask = () => Promise.all(sessions.map(session => as(app, session).get(path).expect(404)))
    await ask()

    calls = []
    for (let round = 0; round < 20; round++) await ask()
    const others = calls.filter(call => call.tables.join() !== 'Revocations')
    expect(others.map(({ method, tables }) => `${method} ${tables}`)).toEqual([])
    // Requests cause none of those either: a few a second, whatever happens.
    await until(
      () => to('Revocations').length,
      polls => polls > 0,
    )
  })

  describe('while the database does not tell which sessions have ended', () => {
    let release = () => {}

    beforeAll(async () => {
      held = new Promise(resolve => {
        release = resolve
      })
      // From now on no reading comes back; within a second the old knowledge is no longer trusted.
      await until(
        async () => {
          calls = []
          await profile(ann)
          return to('Sessions').length
        },
        asked => asked > 0,
      )
    })
    afterAll(() => release())

    test('is asked of the sessions themselves: who is logged in stays in', async () => {
      calls = []
      expect(await profile(ann)).toBe(200)
      expect(to('Sessions')).toMatchObject([{ method: 'get' }])
    })

    test('is not guessed: one that ended elsewhere is not let in', async () => {
      const { token } = await login(app, ann)
      expect(await profile({ token })).toBe(200)
      await as(other, { token }).post('/auth/logout').expect(204)
      expect(await profile({ token })).toBe(401)
      const open = await anonymous(app).get(`/users/${ann.user_id}`).set('Authorization', `Bearer ${token}`)
      expect(open.status).toBe(401)
    })

    test('is known of those that ended here', async () => {
      const { token } = await login(app, ann)
      await as(app, { token }).post('/auth/logout').expect(204)
      calls = []
      expect(await profile({ token })).toBe(401)
      expect(to('Sessions')).toEqual([])
    })

    test('is known again once it tells again, with all that ended in the meantime', async () => {
      const { token } = await login(app, ann)
      await as(other, { token }).post('/auth/logout').expect(204)
      held = undefined
      release()
      await until(
        async () => {
          calls = []
          await profile(ann)
          return to('Sessions').length
        },
        asked => asked === 0,
      )
      calls = []
      expect(await profile({ token })).toBe(401)
      expect(to('Sessions')).toEqual([])
    })
  })
})
