import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { seedFollowed, seedFollowers } from './support/crowd.ts'
import { evict } from './support/evict.ts'
import { meterDynamo } from './support/metered-dynamo.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const FOLLOWED = process.env.CI ? [10, 100, 1000, 5000] : [10, 100]
const FOLLOWERS = process.env.CI ? [10, 1000, 5000] : [10, 100]

describe('what a feed costs', () => {
  let app: TestApp
  let meter: ReturnType<typeof meterDynamo>
  const table: object[] = []

  beforeAll(async () => {
    app = await startApp()
    meter = meterDynamo(app.context.backends.dynamo)
  })
  afterAll(async () => {
    await app.close()
    if (process.env.CI) process.stdout.write(`${table.map(row => JSON.stringify(row)).join('\n')}\n`)
  })

  const measured = async (what: string, size: number, work: () => PromiseLike<unknown>) => {
    meter.reset()
    await work()
    const { requests, units } = meter.read()
    table.push({ what, size, requests: requests.length, units })
    return { requests, units }
  }

  const page = (reader: SeededUser) => async () => {
    const { body } = await as(app, reader).get('/feed').expect(200)
    expect(body.posts.length).toBeGreaterThanOrEqual(10)
    for (const post of body.posts) expect(post.author.name).toBe('Followed')
  }

  test('a cold page takes at most four requests and a warm one none, however many one follows', async () => {
    const { dynamo } = app.context.backends
    const units: number[] = []
    for (const size of FOLLOWED) {
      const reader = await seedInto(app).user('reader')
      await seedFollowed(dynamo, reader.user_id, size, 1000)
      await evict(app, `user_feed:${reader.user_id}`, `user_posts:${reader.user_id}`)
      const cold = await measured('cold page, follows', size, page(reader))
      expect(cold.requests.length).toBeLessThanOrEqual(4)
      const warm = await measured('warm page, follows', size, page(reader))
      expect(warm.requests).toEqual([])
      units.push(cold.units)
    }
    // Ten of ten followed are half a page; from a hundred on every page is full.
    const [, hundred = 0, ...more] = units
    for (const used of more) expect(used).toBeLessThanOrEqual(hundred * 1.1)
  }, 120_000)

  test('posting takes the same requests until the reply, however many follow; the rest is written out in batches', async () => {
    const { dynamo } = app.context.backends
    const asked: string[][] = []
    for (const size of FOLLOWERS) {
      const author = await seedInto(app).user('author')
      await seedFollowers(dynamo, author.user_id, size)
      const posting = await measured('posting until the reply, followers', size, () =>
        seedInto(app).post(author),
      )
      asked.push(posting.requests.filter(request => request.startsWith('Transact')))
      const whole = await measured('writing out, followers', size, () =>
        until(app.context.outbox.waiting, waiting => waiting === 0, 60_000),
      )
      // A batch for 25 of them, and a look at every sixtieth feed, whether it has grown too long.
      expect(whole.requests.length).toBeLessThanOrEqual(10 + (2 * size) / 25)
    }
    expect(new Set(asked.map(requests => requests.length)).size).toBe(1)
  }, 120_000)
})
