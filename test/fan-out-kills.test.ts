import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { createLogger } from '../src/infra/logger.ts'
import { createOutboxStore } from '../src/infra/outbox/outbox-store.ts'
import { TABLES } from '../src/tables.ts'
import { startApp, type TestApp } from './support/app.ts'
import { seedFollowers } from './support/crowd.ts'
import { openDatabase } from './support/database.ts'
import { describeHeavy } from './support/heavy.ts'
import { startInstance } from './support/instance.ts'
import { seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const FOLLOWERS = 5000

interface Row {
  user_id: string
  post_id: string
}

describeHeavy('a fan-out to five thousand followers', () => {
  const database = openDatabase()
  const jobs = createOutboxStore(database)

  beforeAll(() => ensureTables(database, TABLES, createLogger('silent')))
  afterAll(() => database.close())

  let instance: Awaited<ReturnType<typeof startInstance>> | undefined
  afterAll(() => instance?.kill())

  const launch = async () => {
    instance = await startInstance({
      env: { TABLE_PREFIX: database.tablePrefix },
      parts: { outbox: { leaseMs: 1500, pollMs: 100 } },
    })
    return instance
  }

  /** How far the fan-outs under way have got: the followers that are next, one for each job. */
  const progress = async () => {
    const seen: string[] = []
    for await (const job of database.scan<{ kind: string; payload: { after?: string } }>('Outbox'))
      if (job.kind === 'post.published' && job.payload.after) seen.push(job.payload.after)
    return seen
  }

  test('is killed three times at random points, and reaches everybody once', async () => {
    let running = await launch()
    const reached: string[] = []
    const at = (url: string) => ({ url }) as TestApp
    const author = await seedInto(at(running.url), 'open').user('author')
    const followers = await seedFollowers(database, author.user_id, FOLLOWERS)
    const post = await seedInto(at(running.url), 'open').post(author)
    for (let kill = 0; kill < 3; kill++) {
      const before = reached.at(-1) ?? ''
      const skip = Math.floor(Math.random() * 3)
      let steps = 0
      let last = before
      await until(
        progress,
        ([next = '']) => {
          if (next > last) steps++
          if (next > last) last = next
          return steps > skip
        },
        30_000,
      )
      await running.kill()
      reached.push(last)
      running = await launch()
    }
    // Each of them died in the middle, and the next one went on from there.
    expect(reached).toEqual([...reached].sort())
    expect(reached.at(-1)).not.toBe([...followers].sort().at(-1))

    await until(
      () => jobs.waiting(Date.now() + 300_000, 10),
      waiting => waiting === 0,
      60_000,
    )
    await running.stop()
    const rows: Row[] = []
    for await (const row of database.scan<Row>('Feeds')) rows.push(row)
    expect(rows.map(row => row.user_id).sort()).toEqual([...followers].sort())
    expect(new Set(rows.map(row => row.post_id))).toEqual(new Set([post.post_id]))
  }, 180_000)
})

describeHeavy('fan-outs that an instance left behind', () => {
  test('are shared by those that are there', async () => {
    const dying = await startApp({}, { outbox: { leaseMs: 1 } })
    const author = await seedInto(dying).user('author')
    const { dynamo } = dying.context.backends
    const followers = await seedFollowers(dynamo, author.user_id, 200)
    await dying.context.outbox.stop()
    for (let at = 0; at < 40; at++) await seedInto(dying).post(author)

    const spread = [0, 0]
    const heirs = await Promise.all(
      spread.map((_, heir) =>
        startApp(dying.env, {
          outbox: { pollMs: 20 },
          backends: opened => ({
            ...opened,
            dynamo: {
              ...opened.dynamo,
              writeMany: (table, puts, deletions) => {
                if (table === 'Feeds') spread[heir] = (spread[heir] ?? 0) + 1
                return opened.dynamo.writeMany(table, puts, deletions)
              },
            },
          }),
        }),
      ),
    )
    await until(dying.context.outbox.waiting, waiting => waiting === 0, 60_000)
    expect(Math.min(...spread)).toBeGreaterThan(0)
    let rows = 0
    for await (const _ of dynamo.scan('Feeds')) rows++
    expect(rows).toBe(40 * followers.length)
    await Promise.all([dying, ...heirs].map(app => app.close()))
  }, 120_000)
})
