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
    const slow = outboxes.instance(() => gates.slow.promise, { leaseMs: 30 })
    const failing = outboxes.instance(
      () => gates.slow.promise.then(() => Promise.reject(new Error('too late'))),
      {
        leaseMs: 30,
        maxAttempts: 1,
      },
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
