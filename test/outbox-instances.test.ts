import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { rounds } from './support/heavy.ts'
import { openOutboxes } from './support/outboxes.ts'
import { until } from './support/until.ts'

describe('an outbox that several instances share', () => {
  let outboxes: Awaited<ReturnType<typeof openOutboxes>>

  beforeEach(async () => {
    outboxes = await openOutboxes()
  })
  afterEach(() => outboxes.close())

  /** An instance that dies between the commit of its jobs and their work. */
  const dying = async (leaseMs: number) => {
    const instance = outboxes.instance(
      async () => {
        throw new Error('the dead do nothing')
      },
      { leaseMs },
    )
    await instance.stop()
    return instance
  }

  test('is worked on by another when one died, once its lease is over and not before', async () => {
    const times: number[] = []
    const heir = outboxes.instance(async () => void times.push(Date.now()))
    heir.start()
    const dead = await dying(300)
    const committed = Date.now()
    await dead.commit(1)
    expect(await heir.waiting()).toBe(1)
    await until(heir.waiting, waiting => waiting === 0)
    expect(times).toHaveLength(1)
    expect((times[0] ?? 0) - committed).toBeGreaterThanOrEqual(300)
  })

  test('is not worked on by two as long as the lease lasts', async () => {
    const gate = Promise.withResolvers<void>()
    let begun = 0
    const handler = () => {
      begun++
      return gate.promise
    }
    const [first, second] = [outboxes.instance(handler), outboxes.instance(handler)]
    first.start()
    second.start()
    await first.commit(1)
    await until(second.polls, polls => polls > 20)
    expect(begun).toBe(1)
    gate.resolve()
    await until(first.waiting, waiting => waiting === 0)
    expect(begun).toBe(1)
  })

  test('lets nobody who lost a job say anything about it', async () => {
    const gates = { slow: Promise.withResolvers<void>(), heir: Promise.withResolvers<void>() }
    let taken = false
    const frozen = { leaseMs: 30, longestMs: 0 }
    const slow = outboxes.instance(() => gates.slow.promise, frozen)
    const failing = outboxes.instance(
      () => gates.slow.promise.then(() => Promise.reject(new Error('too late'))),
      { ...frozen, maxAttempts: 1 },
    )
    const heir = outboxes.instance(() => {
      taken = true
      return gates.heir.promise
    })
    heir.start()
    for (const loser of [slow, failing]) {
      taken = false
      await loser.commit(1)
      await until(
        () => taken,
        seen => seen,
      )
    }
    gates.slow.resolve()
    await Promise.all([slow.stop(), failing.stop()])
    // The record stands as the heir left it: neither done nor given up.
    expect(await heir.waiting()).toBe(2)
    expect(await heir.dead()).toEqual([])
    gates.heir.resolve()
    await until(heir.waiting, waiting => waiting === 0)
  })

  test('keeps a job for as long as somebody works on it, and begins it where the last one got to', async () => {
    const gate = Promise.withResolvers<void>()
    const begun: string[] = []
    const working = outboxes.instance(
      async ({ n }, job) => {
        begun.push(`first at ${n}`)
        await job.checkpoint({ n: n + 1 })
        await gate.promise
      },
      { leaseMs: 300 },
    )
    const other = outboxes.instance(async ({ n }) => void begun.push(`second at ${n}`))
    other.start()
    await working.commit(7)
    const polls = other.polls()
    // Long after the first lease would have run out.
    await until(other.polls, seen => seen > polls + 40)
    expect(begun).toEqual(['first at 7'])
    // Now the first one says no more.
    gate.resolve()
    await working.stop()
    await until(other.waiting, waiting => waiting === 0)
    expect(begun).toEqual(['first at 7'])
  })

  test('goes on from the last checkpoint of an instance that died', async () => {
    const begun: number[] = []
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const dies = outboxes.instance(
      async ({ n }, job) => {
        await job.checkpoint({ n: n + 5 })
        reached.resolve()
        await gate.promise
        await job.checkpoint({ n: n + 6 })
      },
      { leaseMs: 50, longestMs: 0 },
    )
    await dies.commit(1)
    await reached.promise
    const heir = outboxes.instance(async ({ n }) => void begun.push(n))
    heir.start()
    await until(heir.waiting, waiting => waiting === 0)
    expect(begun).toEqual([6])
    // Whoever was too late learns of it, and changes nothing.
    gate.resolve()
    await dies.stop()
    expect(await heir.waiting()).toBe(0)
    expect(begun).toEqual([6])
  })

  test('does every one of many jobs, whoever fails or dies meanwhile, and ends empty', async () => {
    const done = new Map<number, number>()
    const failed = new Set<number>()
    const handler = async ({ n }: { n: number }) => {
      if (n % 7 === 0 && !failed.has(n)) {
        failed.add(n)
        throw new Error('the first time it fails')
      }
      done.set(n, (done.get(n) ?? 0) + 1)
    }
    const alive = [1, 2, 3].map(() => outboxes.instance(handler))
    const dead = await dying(100)
    for (const instance of alive) instance.start()
    const numbers = Array.from({ length: rounds(200, 60) }, (_, n) => n)
    await Promise.all(numbers.map(n => (n % 2 === 0 ? dead : alive[n % 3])?.commit(n)))
    const [first] = alive
    await until(
      () => first?.waiting(),
      waiting => waiting === 0,
      20_000,
    )
    expect([...done.keys()].sort((a, b) => a - b)).toEqual(numbers)
    expect(await first?.dead()).toEqual([])
  })
})
