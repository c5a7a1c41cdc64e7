import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Backends } from '../src/infra/backends.ts'
import { createMemoryKeyValue } from '../src/infra/cache/memory-key-value.ts'
import { freePort } from '../src/infra/embedded/dynamodb.ts'
import { createLogger } from '../src/infra/logger.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { busyAuthor } from './support/busy-author.ts'
import { evict } from './support/evict.ts'
import { rounds } from './support/heavy.ts'
import { anonymous, as, seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'
import { page } from './support/walk.ts'

const redisStatus = async (app: TestApp): Promise<string> => {
  const { body } = await anonymous(app).get('/ready').expect(200)
  return body.checks.redis.status
}

describeWithRedis('a Redis that comes and goes', () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  test('is missed by nobody: no request fails, and every read shows what was written before it', async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop)
    const app = await startApp({ REDIS_URL: redis.url })
    undo.push(app.close)
    const authors = await seedInto(app).users('ann', 'bob', 'cleo')
    const busy = authors.map(author => busyAuthor(app, author))

    for (let time = 0; time < rounds(2, 1); time++) {
      await until(
        () => redisStatus(app),
        status => status === 'ok',
        20_000,
      )
      await Promise.all(busy.map(author => author.go(3)))
      const pid = redis.pid()
      if (pid !== undefined) process.kill(pid, 'SIGKILL')
      await until(
        () => redisStatus(app),
        status => status === 'degraded',
        20_000,
      )
      await Promise.all(busy.map(author => author.go(3)))
    }
    await until(
      () => redisStatus(app),
      status => status === 'ok',
      20_000,
    )
    await Promise.all(busy.map(author => author.go(3)))
    await Promise.all(busy.map(author => author.stop()))
    expect(busy.flatMap(author => author.faults)).toEqual([])
    const failed = app.log().filter(line => line.msg === 'request' && Number(line.status) >= 500)
    expect(failed).toEqual([])
  }, 90_000)

  test('is not believed when it comes back with what it held before it was away', async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    const pid = redis?.pid()
    if (!redis || pid === undefined) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop, () => process.kill(pid, 'SIGCONT'))
    const app = await startApp({ REDIS_URL: redis.url })
    undo.push(app.close)
    const ann = await seedInto(app).user('ann')
    const post = await seedInto(app).post(ann, { content: 'Old words' })
    const url = `/posts/${post.post_id}`
    const read = async () => {
      const { body } = await anonymous(app).get(url).expect(200)
      return `${body.post.author.name}: ${body.post.content}`
    }
    await evict(app, `post:${post.post_id}`, `user:${ann.user_id}`)
    expect(await read()).toBe('ann: Old words')

    process.kill(pid, 'SIGSTOP')
    await as(app, ann).patch(url).send({ content: 'New words' }).expect(200)
    await as(app, ann).patch('/users/profile').send({ name: 'Ann' }).expect(200)
    expect(await read()).toBe('Ann: New words')
    process.kill(pid, 'SIGCONT')
    await until(
      async () => {
        expect(await read()).toBe('Ann: New words')
        return redisStatus(app)
      },
      status => status === 'ok',
    )
    for (let again = 0; again < 5; again++) expect(await read()).toBe('Ann: New words')
  })

  test('need not be there at the start', async () => {
    const app = await startApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
    undo.push(app.close)
    const busy = busyAuthor(app, await seedInto(app).user('ann'))
    await busy.go(3)
    await busy.stop()
    expect(busy.faults).toEqual([])
    expect(await redisStatus(app)).toBe('degraded')
  })
})

describe('an instance without Redis', () => {
  let app: TestApp
  beforeAll(async () => {
    const backends = (opened: Backends): Backends => {
      void opened.keyValue.close()
      return { ...opened, keyValue: createMemoryKeyValue() }
    }
    app = await startApp({}, { backends })
  })
  afterAll(() => app.close())

  test('says so, and is ready', async () => {
    expect(await redisStatus(app)).toBe('off')
  })

  test('shows every write in the next read', async () => {
    const busy = (await seedInto(app).users('ann', 'bob')).map(author => busyAuthor(app, author))
    await Promise.all(busy.map(author => author.go(rounds(10, 4))))
    await Promise.all(busy.map(author => author.stop()))
    expect(busy.flatMap(author => author.faults)).toEqual([])
  })

  test('answers from its own memory', async () => {
    const ann = await seedInto(app).user('ann')
    const post = await seedInto(app).post(ann)
    await evict(app, `post:${post.post_id}`)
    const hits = () => app.context.cache.stats().post?.hits ?? 0
    await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
    const before = hits()
    await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
    expect(hits()).toBe(before + 1)
    const { posts } = await page(app, null, ann)
    expect(posts.map(({ post_id }) => post_id)).toEqual([post.post_id])
  })
})
