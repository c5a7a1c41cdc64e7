import { Agent, get } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Backends } from '../src/infra/backends.ts'
import { createCache } from '../src/infra/cache/cache.ts'
import type { Dynamo } from '../src/infra/dynamo/dynamo.ts'
import { newId } from '../src/lib/ids.ts'
import type { PostRecord } from '../src/posts/post.ts'
import { cachedPosts } from '../src/posts/post-cache.ts'
import { createPostStore } from '../src/posts/post-store.ts'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { rounds } from './support/heavy.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

/** What an instance loads from the database, and what it looks up in the cache. */
const watching = () => {
  const loads: string[] = []
  const lookups: string[] = []
  let gate: { opened: Promise<void>; open: () => void } | undefined

  const dynamo = (real: Dynamo): Dynamo => ({
    ...real,
    async getMany(table, keys) {
      loads.push(...keys.map(key => Object.values(key).join()))
      const held = gate
      gate = undefined
      const read = await real.getMany<never>(table, keys)
      await held?.opened
      return read
    },
  })

  return {
    loads,
    lookups,
    /** The next load reads at once, and what it has read is held back until the returned function is called. */
    hold() {
      const { promise: opened, resolve: open } = Promise.withResolvers<void>()
      gate = { opened, open }
      return open
    },
    parts: {
      backends: (opened: Backends): Backends => ({
        ...opened,
        dynamo: dynamo(opened.dynamo),
        keyValue: {
          ...opened.keyValue,
          getMany: keys => {
            lookups.push(...keys)
            return opened.keyValue.getMany(keys)
          },
        },
      }),
    },
  }
}

const Reply = z.object({ post: z.object({ post_id: z.string(), content: z.string() }) })

describe('posts behind the cache', () => {
  const watched = watching()
  let one: TestApp
  let two: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    one = await startApp({}, watched.parts)
    two = await startApp(one.env)
    ann = await seedInto(one).user('ann')
  })
  afterAll(async () => {
    await two.close()
    await one.close()
  })

  const content = async (app: TestApp, post: Pick<SeededPost, 'post_id'>): Promise<string> =>
    (await anonymous(app).get(`/posts/${post.post_id}`).expect(200)).body.post.content

  const patch = (app: TestApp, post: SeededPost, words: string) =>
    as(app, ann).patch(`/posts/${post.post_id}`).send({ content: words }).expect(200)

  const coldPost = async () => {
    const post = await seedInto(one).post(ann)
    await until(one.context.outbox.waiting, waiting => waiting === 0)
    await evict(one, `post:${post.post_id}`, `user:${ann.user_id}`)
    return post
  }

  test('all who read a cold post at once cause one load of it', async () => {
    const readers = rounds(1000, 300)
    const post = await coldPost()
    const release = watched.hold()
    const agent = new Agent({ keepAlive: true, maxSockets: 250 })
    const readOnce = async () => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      get(`${one.url}/posts/${post.post_id}`, { agent }, res => json(res).then(resolve, reject)).on(
        'error',
        reject,
      )
      return Reply.parse(await promise).post
    }
    const before = watched.loads.length
    watched.lookups.length = 0
    const reads = Promise.all(Array.from({ length: readers }, readOnce))
    // So many have found nothing in the cache before the first of them gets its answer.
    await until(
      () => watched.lookups.filter(key => key === `post:${post.post_id}`).length,
      seen => seen >= 100,
    )
    release()
    expect(new Set((await reads).map(read => read.content))).toEqual(new Set([post.content]))
    expect(watched.lookups.filter(key => key === `post:${post.post_id}`)).toHaveLength(readers)
    expect(watched.loads.slice(before).filter(id => id === post.post_id)).toHaveLength(1)
    agent.destroy()
  })

  test('a fill that was held back across a change never shows what was there before', async () => {
    for (let round = 0; round < 3; round++) {
      const post = await coldPost()
      const release = watched.hold()
      const early = content(one, post)
      await until(
        () => watched.loads.at(-1),
        id => id === post.post_id,
      )
      await patch(two, post, 'New words')
      if (round > 0) expect(await content(one, post)).toBe('New words')
      await until(two.context.outbox.waiting, waiting => waiting === 0)
      const { refusedFills = 0 } = one.context.cache.stats().post ?? {}
      release()
      // It asked before the change and may be told what was true then.
      expect(['New words', post.content]).toContain(await early)
      for (let read = 0; read < 3; read++) {
        expect(await Promise.all([content(one, post), content(two, post)])).toEqual([
          'New words',
          'New words',
        ])
      }
      expect(one.context.cache.stats().post?.refusedFills).toBeGreaterThan(refusedFills)
    }
  })

  test('a change on one instance is what the other shows from then on', async () => {
    const post = await coldPost()
    for (let round = 0; round < rounds(20, 6); round++) {
      const [here, there] = round % 2 === 0 ? [one, two] : [two, one]
      await content(there, post)
      await patch(here, post, `Round ${round}`)
      expect(await content(there, post)).toBe(`Round ${round}`)
    }
    await as(one, ann).delete(`/posts/${post.post_id}`).expect(204)
    await anonymous(two).get(`/posts/${post.post_id}`).expect(404)
  })

  test('what comes out of the cache has the same form as what comes out of the database', async () => {
    const post = await coldPost()
    const { body: loaded } = await as(one, ann).get(`/posts/${post.post_id}`).expect(200)
    const { hits = 0 } = two.context.cache.stats().post ?? {}
    const { body: cached } = await as(two, ann).get(`/posts/${post.post_id}`).expect(200)
    expect(two.context.cache.stats().post?.hits).toBe(hits + 1)
    expect(cached).toEqual(loaded)
    expect(cached).toEqual({ post })
    const { body: profile } = await as(two, ann).get('/users/profile').expect(200)
    expect(profile.user.posts_count).toEqual(expect.any(Number))
  })

  test('that a post does not exist is remembered until it does', async () => {
    const { backends, logger, cache } = two.context
    const store = createPostStore(backends.dynamo)
    const template = await store.get((await coldPost()).post_id)
    if (!template) throw new Error('the post is there')
    const post: PostRecord = { ...template, post_id: newId(), content: 'There at last' }
    for (const app of [one, two]) await anonymous(app).get(`/posts/${post.post_id}`).expect(404)
    const { loads = 0 } = cache.stats().post ?? {}
    await anonymous(two).get(`/posts/${post.post_id}`).expect(404)
    expect(cache.stats().post?.loads).toBe(loads)

    // No client chooses an id: an instance of its own, over the same Redis, makes the post that was asked for.
    const third = cachedPosts(store, createCache({ kv: backends.keyValue, logger }))
    await third.create(post, [])
    for (const app of [one, two]) expect(await content(app, post)).toBe('There at last')
  })

  test('a change shows at once even where what follows it is left undone', async () => {
    // An instance that dies as soon as it has answered.
    const dying = await startApp(one.env, { outbox: { leaseMs: 5000 } })
    const [changed, gone] = [await coldPost(), await coldPost()]
    await dying.context.outbox.stop()
    const profile = async () => (await as(one, ann).get('/users/profile').expect(200)).body.user
    const { posts_count } = await profile()
    await Promise.all([content(one, changed), content(one, gone)])
    await patch(dying, changed, 'New words')
    expect(await content(one, changed)).toBe('New words')
    await as(dying, ann).delete(`/posts/${gone.post_id}`).expect(204)
    await anonymous(one).get(`/posts/${gone.post_id}`).expect(404)
    expect((await profile()).posts_count).toBe(posts_count - 1)
    await dying.close()
  })
})
