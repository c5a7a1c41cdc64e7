import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { PostRecord } from '../src/posts/post.ts'
import { startApp, type TestApp } from './support/app.ts'
import { rounds } from './support/heavy.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

/** Calls at once; a reply is a success, or an honest "not now". */
const outcomes = async (calls: PromiseLike<{ status: number; headers: Record<string, string> }>[]) => {
  const replies = await Promise.all(calls)
  for (const { status, headers } of replies) {
    if (status === 503) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  }
  return replies.map(({ status }) => status)
}

const among = (statuses: number[], allowed: number[]) => statuses.filter(status => !allowed.includes(status))

describe('changes at the same moment', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  /** How many posts a viewer is told of, and how many they are shown; both must be the same at any quiet moment. */
  const counted = async (author: SeededUser, viewer?: SeededUser) => {
    const calls = viewer ? as(app, viewer) : anonymous(app)
    const { body: told } = await calls.get(`/users/${author.user_id}`).expect(200)
    const { body: shown } = await calls.get(`/users/${author.user_id}/posts?limit=100`).expect(200)
    expect(shown.next_cursor).toBeNull()
    return { told: told.user.posts_count, shown: shown.posts.length }
  }

  const bothCounts = async (author: SeededUser) => ({
    all: await counted(author, author),
    visible: await counted(author),
  })

  test('of one post: each is done as a whole, and the last one stands', async () => {
    const ann = await seed.user('ann')
    const post = await seed.post(ann)
    const changes = Array.from({ length: 10 }, (_, at) => ({ content: `Version ${at}`, tags: [`v${at}`] }))
    const statuses = await outcomes(
      changes.map(change => as(app, ann).patch(`/posts/${post.post_id}`).send(change)),
    )
    expect(among(statuses, [200, 503])).toEqual([])
    expect(statuses).toContain(200)
    const { body } = await as(app, ann).get(`/posts/${post.post_id}`).expect(200)
    const done = changes.filter((_, at) => statuses[at] === 200)
    expect(done).toContainEqual({ content: body.post.content, tags: body.post.tags })
    const { dynamo } = app.context.backends
    const row = await dynamo.get<PostRecord>('Posts', { post_id: post.post_id })
    expect(row?.version).toBe(1 + done.length)
  })

  test('of different fields of one post: none undoes another', async () => {
    const ann = await seed.user('ann')
    const post = await seed.post(ann)
    const url = `/posts/${post.post_id}`
    for (let round = 0; round < 5; round++) {
      const content = `Round ${round}`
      const statuses = await outcomes([
        as(app, ann).patch(url).send({ content }),
        as(app, ann)
          .patch(url)
          .send({ tags: [`round${round}`] }),
        as(app, ann)
          .patch(url)
          .send({ is_public: round % 2 === 1 }),
      ])
      expect(statuses).toEqual([200, 200, 200])
      const { body } = await as(app, ann).get(url).expect(200)
      expect(body.post).toMatchObject({ content, tags: [`round${round}`], is_public: round % 2 === 1 })
    }
    expect(await bothCounts(ann)).toEqual({ all: { told: 1, shown: 1 }, visible: { told: 0, shown: 0 } })
  })

  test('to delete a post and to change it: one way or the other, and it is gone', async () => {
    const ann = await seed.user('ann')
    for (let round = 0; round < rounds(8, 4); round++) {
      const post = await seed.post(ann, { is_public: round % 2 === 0 })
      const url = `/posts/${post.post_id}`
      const [deleted, ...changed] = await outcomes([
        as(app, ann).delete(url),
        as(app, ann).patch(url).send({ content: 'Changed' }),
        as(app, ann)
          .patch(url)
          .send({ is_public: round % 2 === 1 }),
      ])
      expect(among(changed, [200, 404, 503])).toEqual([])
      if (deleted !== 204) await as(app, ann).delete(url).expect(204)
      await as(app, ann).get(url).expect(404)
      expect(await bothCounts(ann)).toEqual({ all: { told: 0, shown: 0 }, visible: { told: 0, shown: 0 } })
    }
  })

  test('to delete one post several times over: it counts once', async () => {
    const ann = await seed.user('ann')
    await seed.post(ann)
    const post = await seed.post(ann)
    const statuses = await outcomes(
      Array.from({ length: 5 }, () => as(app, ann).delete(`/posts/${post.post_id}`)),
    )
    expect(statuses.filter(status => status === 204)).toHaveLength(1)
    expect(among(statuses, [204, 404])).toEqual([])
    expect(await bothCounts(ann)).toEqual({ all: { told: 1, shown: 1 }, visible: { told: 1, shown: 1 } })
  })

  test('to write and delete thirty posts of one author: what is counted is what is there', async () => {
    const ann = await seed.user('ann')
    const old: SeededPost[] = []
    for (let at = 0; at < 15; at++) old.push(await seed.post(ann, { is_public: at % 3 !== 0 }))
    const written = Array.from({ length: 15 }, (_, at) =>
      as(app, ann)
        .post('/posts')
        .send({ content: `New ${at}`, is_public: at % 3 !== 1 }),
    )
    const deleted = old.map(({ post_id }) => as(app, ann).delete(`/posts/${post_id}`))
    const statuses = await outcomes([...written, ...deleted])
    expect(among(statuses, [201, 204, 503])).toEqual([])

    const made = statuses.filter(status => status === 201).length
    const gone = statuses.filter(status => status === 204).length
    const left = old.length + made - gone
    const { all, visible } = await bothCounts(ann)
    expect(all).toEqual({ told: left, shown: left })
    expect(visible.told).toBe(visible.shown)
    expect(visible.told).toBeGreaterThan(0)
    expect(visible.told).toBeLessThan(left)
  })

  test('to show and hide posts: what others are told is what they see, never less than nothing', async () => {
    const ann = await seed.user('ann')
    const posts = await Promise.all(
      Array.from({ length: 3 }, (_, at) => seed.post(ann, { is_public: at === 0 })),
    )
    for (let round = 0; round < rounds(6, 3); round++) {
      const flips = posts.flatMap(({ post_id }) =>
        [true, false].map(is_public => as(app, ann).patch(`/posts/${post_id}`).send({ is_public })),
      )
      expect(among(await outcomes(flips), [200, 503])).toEqual([])
      const { all, visible } = await bothCounts(ann)
      expect(all).toEqual({ told: 3, shown: 3 })
      expect(visible.told).toBe(visible.shown)
    }
    for (const { post_id } of posts) await as(app, ann).delete(`/posts/${post_id}`).expect(204)
    expect(await bothCounts(ann)).toEqual({ all: { told: 0, shown: 0 }, visible: { told: 0, shown: 0 } })
  })
})
