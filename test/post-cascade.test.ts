import { afterEach, expect, test } from '@jest/globals'
import type { Parts } from '../src/context.ts'
import { startApp, type TestApp } from './support/app.ts'
import { comment, urlOf } from './support/comments.ts'
import { rowsOf } from './support/rows.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'
import { until } from './support/until.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

const TABLES = ['Posts', 'UserPosts', 'Reactions', 'UserReactions', 'Shares', 'Comments', 'CommentLikes']

const apps: TestApp[] = []

const start = async (env: Record<string, string>, parts: Parts = {}) => {
  const app = await startApp(env, parts)
  apps.push(app)
  return app
}

afterEach(async () => {
  for (const app of apps.splice(0).reverse()) await app.close()
})

/** Of each table, how many rows tell of a post. */
const rowsAbout = async (app: TestApp, { post_id }: SeededPost) =>
  Object.fromEntries(
    await Promise.all(TABLES.map(async name => [name, (await rowsOf(app, name, post_id)).length])),
  )

const NOTHING = Object.fromEntries(TABLES.map(name => [name, 0]))

/** A post that everybody does everything to. */
const busyPost = async (app: TestApp, author: SeededUser, people: SeededUser[]) => {
  const post = await seedInto(app).post(author)
  const first = await comment(app, author, post, 'first')
  for (const user of people) {
    await as(app, user).put(`/posts/${post.post_id}/like`).send({ like_type: 'love' }).expect(200)
    await as(app, user).put(`/posts/${post.post_id}/share`).expect(204)
    const reply = await comment(app, user, post, 'reply', first)
    for (const said of [first, reply])
      await as(app, user)
        .put(`${urlOf(said)}/like`)
        .expect(200)
  }
  return post
}

test('a deleted post takes with it all that hung on it, and nothing else', async () => {
  const app = await start({})
  const [ann, bob, cleo] = await seedInto(app).users('ann', 'bob', 'cleo')
  const [gone, kept] = [await busyPost(app, ann, [bob, cleo]), await busyPost(app, ann, [bob, cleo])]
  const whole = await rowsAbout(app, kept)
  expect(whole).toEqual({
    Posts: 1,
    UserPosts: 1,
    Reactions: 2,
    UserReactions: 2,
    Shares: 2,
    Comments: 3,
    CommentLikes: 4,
  })
  await as(app, ann).delete(`/posts/${gone.post_id}`).expect(204)
  await settled(app)
  expect(await rowsAbout(app, gone)).toEqual(NOTHING)
  expect(await rowsAbout(app, kept)).toEqual(whole)
  expect(await app.context.outbox.dead()).toEqual([])
  const { body } = await as(app, bob).get('/users/profile/likes').expect(200)
  expect(body.posts.map((post: SeededPost) => post.post_id)).toEqual([kept.post_id])
})

test('of a post with more than fits into one page of the clearing, too', async () => {
  const app = await start({})
  const ann = await seedInto(app).user('ann')
  const post = await seedInto(app).post(ann)
  const { dynamo } = app.context.backends
  // As its rows would be after years: past the door, since so many accounts take long to make.
  const ids = Array.from({ length: 430 }, (_, at) => String(at).padStart(4, '0'))
  const { post_id } = post
  const rows = (more: (id: string) => object) => ids.map(id => ({ post_id, ...more(id) }))
  await dynamo.writeMany(
    'Reactions',
    rows(id => ({ user_id: `user${id}`, reaction_id: id, like_type: 'like', typed_id: `like#${id}` })),
    [],
  )
  await dynamo.writeMany(
    'UserReactions',
    rows(id => ({ user_id: `user${id}`, reaction_id: id })),
    [],
  )
  await dynamo.writeMany(
    'Shares',
    rows(id => ({ user_id: `user${id}` })),
    [],
  )
  await dynamo.writeMany(
    'Comments',
    rows(id => ({ comment_id: id, thread_id: `-#${id}` })),
    [],
  )
  await dynamo.writeMany(
    'CommentLikes',
    rows(id => ({ comment_user: `${id}#user` })),
    [],
  )
  expect(await rowsAbout(app, post)).toMatchObject({ Reactions: 430, UserReactions: 430, CommentLikes: 430 })
  await as(app, ann).delete(`/posts/${post.post_id}`).expect(204)
  await settled(app)
  expect(await rowsAbout(app, post)).toEqual(NOTHING)
})

test('also when whoever deleted it dies before, and others come into it in the middle', async () => {
  const dying = await start({}, { outbox: { leaseMs: 300 } })
  const [ann, bob, cleo] = await seedInto(dying).users('ann', 'bob', 'cleo')
  const post = await busyPost(dying, ann, [bob, cleo])
  await settled(dying)
  // From here on it commits what is to be done and does nothing of it.
  await dying.context.outbox.stop()
  await as(dying, ann).delete(`/posts/${post.post_id}`).expect(204)
  expect(await rowsAbout(dying, post)).toMatchObject({ Reactions: 2, Comments: 3 })

  // Whoever takes it over cannot finish: each look into one more table fails once.
  const failed = new Set<string>()
  const backends = watchDatabase(({ method, tables }) => {
    const [table = ''] = tables
    if (method !== 'query' || !TABLES.includes(table) || failed.has(table)) return
    failed.add(table)
    throw new Error(`${table} cannot be read at this moment`)
  })
  const heir = await start(dying.env, { backends, outbox: { pollMs: 20, retryMs: 10 } })
  await until(
    () => rowsAbout(heir, post),
    seen => Object.values(seen).every(count => count === 0),
    20_000,
  )
  expect([...failed].sort()).toEqual(['CommentLikes', 'Comments', 'Reactions', 'Shares'])
  await settled(heir)
  expect(await heir.context.outbox.dead()).toEqual([])
})
