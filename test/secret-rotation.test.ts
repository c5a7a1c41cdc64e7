import { afterAll, beforeAll, expect, test } from '@jest/globals'
import jwt from 'jsonwebtoken'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'

const OLD = 'the-old-secret-of-at-least-thirty-two-bytes'
const NEW = 'the-new-secret-of-at-least-thirty-two-bytes'

let before: TestApp
/** Knows both secrets, as every instance does for some time. */
let during: TestApp
let after: TestApp
let ann: SeededUser
let cursor: string

beforeAll(async () => {
  before = await startApp({ JWT_SECRET: OLD })
  const seed = seedInto(before)
  ann = await seed.user('ann')
  await seed.post(ann)
  await seed.post(ann)
  const { body } = await anonymous(before).get(`/users/${ann.user_id}/posts?limit=1`).expect(200)
  cursor = body.next_cursor
  const second = { ...before.env, JWT_SECRET: NEW }
  ;[during, after] = await Promise.all([startApp({ ...second, JWT_PREVIOUS_SECRET: OLD }), startApp(second)])
})
afterAll(() => Promise.all([before.close(), during.close(), after.close()]))

const kid = (token: string) => jwt.decode(token, { complete: true })?.header.kid
const refresh = (app: TestApp, refresh_token: string) =>
  anonymous(app).post('/auth/refresh').send({ refresh_token })
const nextPage = (app: TestApp) =>
  anonymous(app).get(`/users/${ann.user_id}/posts`).query({ limit: 1, cursor })

test('an instance with both secrets takes what was signed with the old one', async () => {
  await as(during, ann).get('/users/profile').expect(200)
  const { body } = await nextPage(during).expect(200)
  expect(body.posts).toHaveLength(1)
  expect(body.next_cursor).toBeNull()
})

test('an instance with only the new secret refuses what was signed with the old one', async () => {
  await as(after, ann).get('/users/profile').expect(401)
  await refresh(after, ann.refresh_token).expect(401)
  const { body } = await nextPage(after).expect(400)
  expect(body.code).toBe('invalid_cursor')
  // That was no second use of a spent token: the session is as good as before.
  await as(before, ann).get('/users/profile').expect(200)
})

test('everything new is signed with the new secret, and the old one is not needed for it', async () => {
  const { body: renewed } = await refresh(during, ann.refresh_token).expect(200)
  const opened = await login(during, ann)
  const page = await anonymous(during).get(`/users/${ann.user_id}/posts?limit=1`).expect(200)
  for (const { token, refresh_token } of [renewed, opened]) {
    expect(kid(token)).not.toBe(kid(ann.token))
    await as(after, { token }).get('/users/profile').expect(200)
    await as(before, { token }).get('/users/profile').expect(401)
    await refresh(after, refresh_token).expect(200)
  }
  await anonymous(after)
    .get(`/users/${ann.user_id}/posts`)
    .query({ cursor: page.body.next_cursor })
    .expect(200)
})
