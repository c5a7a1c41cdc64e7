import { afterEach, expect, test } from '@jest/globals'
import type { Parts } from '../src/context.ts'
import { startApp, type TestApp } from './support/app.ts'
import { as, type SeededPost, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { pages } from './support/walk.ts'

const apps: TestApp[] = []

const start = async (env: Record<string, string>, outbox: NonNullable<Parts['outbox']>) => {
  const app = await startApp(env, { outbox })
  apps.push(app)
  return app
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

const row = (app: TestApp, { user_id, post_id }: SeededPost) =>
  app.context.backends.dynamo.get('UserPosts', { user_id, post_id })

test('the rows of a deleted post go with it', async () => {
  const app = await start({}, {})
  const ann = await seedInto(app).user('ann')
  const [kept, gone] = [await seedInto(app).post(ann), await seedInto(app).post(ann, { is_public: false })]
  expect(await row(app, gone)).toBeDefined()
  await as(app, ann).delete(`/posts/${gone.post_id}`).expect(204)
  await until(
    () => row(app, gone),
    found => found === undefined,
  )
  expect(await row(app, kept)).toMatchObject({ public_post_id: kept.post_id })
  await until(app.context.outbox.waiting, waiting => waiting === 0)
  expect(await app.context.outbox.dead()).toEqual([])
})

test('they go also when the instance that deleted it dies before it could clear up', async () => {
  const dying = await start({}, { leaseMs: 300 })
  const ann = await seedInto(dying).user('ann')
  const post = await seedInto(dying).post(ann)
  await until(dying.context.outbox.waiting, waiting => waiting === 0)
  // From here on it commits what is to be done and does nothing of it.
  await dying.context.outbox.stop()
  await as(dying, ann).delete(`/posts/${post.post_id}`).expect(204)
  expect(await row(dying, post)).toBeDefined()

  const heir = await start(dying.env, { pollMs: 20 })
  await as(heir, ann).get(`/posts/${post.post_id}`).expect(404)
  const { body } = await as(heir, ann).get(`/users/${ann.user_id}/posts`).expect(200)
  expect(body).toEqual({ posts: [], next_cursor: null })
  await until(
    () => row(heir, post),
    found => found === undefined,
  )
  await until(heir.context.outbox.waiting, waiting => waiting === 0)
})

test('a list is whole while many of its rows are still to be cleared up', async () => {
  const dying = await start({}, {})
  const seed = seedInto(dying)
  const ann = await seed.user('ann')
  const oldest = await seed.post(ann)
  const others: SeededPost[] = []
  for (let more = 0; more < 11; more++) others.push(await seed.post(ann))
  await dying.context.outbox.stop()
  for (const post of others) await as(dying, ann).delete(`/posts/${post.post_id}`).expect(204)
  expect((await pages(dying, ann, ann, 2)).flat()).toEqual([oldest.post_id])
})
