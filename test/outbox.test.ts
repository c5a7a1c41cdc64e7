import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { ConditionFailed } from '../src/infra/dynamo/write.ts'
import { jobKind } from '../src/infra/outbox/job.ts'
import { outboxTable } from '../src/infra/outbox/outbox-store.ts'
import { counting, type Instance, openOutboxes } from './support/outboxes.ts'
import { until } from './support/until.ts'

/** Waits until an instance has looked for jobs several times more. */
const laterOn = async (instance: Instance) => {
  const before = instance.polls()
  await until(instance.polls, polls => polls >= before + 5)
}

describe('the outbox of one instance', () => {
  let outboxes: Awaited<ReturnType<typeof openOutboxes>>

  beforeEach(async () => {
    outboxes = await openOutboxes()
  })
  afterEach(() => outboxes.close())

  test('does a job that was committed with its write, and forgets it', async () => {
    const done: number[] = []
    const outbox = outboxes.instance(async ({ n }) => void done.push(n))
    await outbox.commit(1)
    await until(outbox.waiting, waiting => waiting === 0)
    expect(done).toEqual([1])
  })

  test('knows nothing of a job whose transaction failed', async () => {
    const done: number[] = []
    const outbox = outboxes.instance(async ({ n }) => void done.push(n))
    outbox.start()
    const refused = {
      item: {
        ConditionCheck: {
          TableName: outboxes.database.table(outboxTable.name),
          Key: { job_id: 'none' },
          ConditionExpression: 'attribute_exists(job_id)',
        },
      },
    }
    await expect(outbox.commit(1, refused)).rejects.toBeInstanceOf(ConditionFailed)
    expect(await outbox.waiting()).toBe(0)
    await laterOn(outbox)
    expect(done).toEqual([])
  })

  test('tries a job that fails again, after longer and longer pauses, until it succeeds', async () => {
    const tries: number[] = []
    const handler = async () => {
      tries.push(Date.now())
      if (tries.length <= 3) throw new Error(`try ${tries.length}`)
    }
    const outbox = outboxes.instance(handler, { retryMs: 50 })
    outbox.start()
    await outbox.commit(1)
    await until(outbox.waiting, waiting => waiting === 0)
    const pauses = tries.slice(1).map((time, at) => time - (tries[at] ?? 0))
    expect(pauses).toHaveLength(3)
    // At least half of 50, 100 and 200 ms; the clock's own millisecond may be missing.
    for (const [at, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(25 * 2 ** at - 1)
    expect(await outbox.dead()).toEqual([])
    expect(outboxes.logged('warn')).toHaveLength(3)
  })

  test('gives a job up after its last try, keeps it to be looked at and says so in the log', async () => {
    let tries = 0
    const handler = async ({ n }: { n: number }) => {
      if (n !== 1) return
      tries++
      throw new Error('it cannot be done')
    }
    const outbox = outboxes.instance(handler, { maxAttempts: 3, retryMs: 1 })
    outbox.start()
    await outbox.commit(1)
    const [dead] = await until(outbox.dead, jobs => jobs.length > 0)
    expect(dead).toMatchObject({
      kind: 'counting',
      payload: { n: 1 },
      attempts: 3,
      last_error: 'it cannot be done',
    })
    const told = await until(
      () => outboxes.logged('error'),
      lines => lines.length > 0,
    )
    expect(told).toEqual(['outbox job given up'])
    expect(await outbox.waiting()).toBe(0)

    await outbox.commit(2)
    await laterOn(outbox)
    expect(tries).toBe(3)
    expect(await outbox.dead()).toHaveLength(1)
  })

  test('gives up jobs that it does not know or cannot read, and goes on with others', async () => {
    const done: number[] = []
    const outbox = outboxes.instance(async ({ n }) => void done.push(n), { maxAttempts: 2, retryMs: 1 })
    outbox.start()
    const unknown = jobKind('unknown', z.object({}))
    const misread = jobKind(counting.kind, z.object({ n: z.string() }))
    await outboxes.database.transact([outbox.entry(unknown, {}), outbox.entry(misread, { n: 'one' })])
    await outbox.commit(3)
    const dead = await until(outbox.dead, jobs => jobs.length === 2)
    expect(dead.map(job => job.last_error)).toContain('nobody here knows jobs of kind unknown')
    await until(outbox.waiting, waiting => waiting === 0)
    expect(done).toEqual([3])
  })

  test('lets everybody who is concerned do their part of a job, and all of them again when one fails', async () => {
    const done: string[] = []
    const outbox = outboxes.instance(async () => void done.push('first'))
    outbox.on(counting, async () => {
      done.push('second')
      if (done.length < 4) throw new Error('not yet')
    })
    outbox.start()
    await outbox.commit(1)
    await until(outbox.waiting, waiting => waiting === 0)
    expect(done).toEqual(['first', 'second', 'first', 'second'])
  })

  test('gives up a job during which its instance dies every time', async () => {
    const gate = Promise.withResolvers<void>()
    let begun = 0
    // An instance that has died never says how the job ended.
    const handler = () => {
      begun++
      return gate.promise
    }
    const outbox = outboxes.instance(handler, { maxAttempts: 2, leaseMs: 30, longestMs: 0 })
    outbox.start()
    await outbox.commit(1)
    const [dead] = await until(outbox.dead, jobs => jobs.length > 0)
    expect(dead).toMatchObject({ payload: { n: 1 } })
    expect(begun).toBe(2)
    gate.resolve()
  })

  test('waits for the jobs that are running when it is stopped, and begins no more', async () => {
    const gate = Promise.withResolvers<void>()
    const done: number[] = []
    const outbox = outboxes.instance(async ({ n }) => {
      await gate.promise
      done.push(n)
    })
    await outbox.commit(1)
    let stopped = false
    const stopping = outbox.stop().then(() => {
      stopped = true
    })
    await outbox.commit(2)
    expect(stopped).toBe(false)
    gate.resolve()
    await stopping
    expect(done).toEqual([1])
    expect(await outbox.waiting()).toBe(1)
  })

  test('waits also for the job that it is taking over when it is stopped', async () => {
    const gate = Promise.withResolvers<void>()
    let claims = 0
    const { database } = outboxes
    const dynamo = {
      ...database,
      async update(...update: Parameters<typeof database.update>) {
        claims++
        await gate.promise
        await database.update(...update)
      },
    }
    const gone = outboxes.instance(async () => {}, { leaseMs: 1 })
    await gone.stop()
    await gone.commit(1)
    const done: number[] = []
    const outbox = outboxes.instance(async ({ n }) => void done.push(n), { dynamo })
    outbox.start()
    await until(
      () => claims,
      seen => seen > 0,
    )
    const stopping = outbox.stop()
    gate.resolve()
    await stopping
    expect(done).toEqual([1])
    expect(await outbox.waiting()).toBe(0)
  })
})
