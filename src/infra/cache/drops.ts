import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import { newTombstone, TOMBSTONE_MS } from './entry.ts'
import type { KeyValue } from './key-value.ts'

const MAX_OWED = 10_000
const RETRY_MS = 100
const RETRY_BATCH = 500
/** A Redis that is being started again while this process stops is back by then. */
const LAST_CHANCE_MS = 2_000

export interface Drops {
  /** Sets a tombstone on every key. Those that did not reach the store are owed from then on, and it throws. */
  send(keys: readonly string[]): Promise<void>
  /** How many keys still wait for their tombstone. While any does, the store may hold what is no longer true. */
  owed(): number
  /** Waits a while for what is owed, then stops the retries. What is owed then stays so: the entries' own TTL bounds it. */
  close(): Promise<void>
}

/** Delivers tombstones, and remembers, bounded, those that could not be delivered yet. */
export const createDrops = ({ kv, logger }: { kv: KeyValue; logger: Logger }): Drops => {
  // Oldest first. The number tells one debt from a later one on the same key.
  const owed = new Map<string, number>()
  let debts = 0
  let gaveUp = false
  let closed = false
  let retrying = false
  let timer: NodeJS.Timeout | undefined

  const owe = (key: string) => {
    if (owed.size === 0)
      logger.warn('cache: a drop did not reach the store, reading past the store until it has')
    owed.delete(key)
    owed.set(key, ++debts)
    const [oldest] = owed.keys()
    if (owed.size > MAX_OWED && oldest !== undefined) {
      owed.delete(oldest)
      if (!gaveUp)
        logger.warn({ kept: MAX_OWED }, 'cache: too many drops owed, the oldest are left to their TTL')
      gaveUp = true
    }
    schedule()
  }

  const deliver = async (key: string) => {
    const debt = owed.get(key)
    await kv.set(key, newTombstone(), TOMBSTONE_MS)
    // A debt that was made while this tombstone was on its way belongs to a later write: it stands.
    if (debt === undefined || owed.get(key) !== debt) return
    owed.delete(key)
    if (owed.size > 0) return
    gaveUp = false
    logger.info('cache: every owed drop has reached the store')
  }

  // One key first, as a probe: a store that is still away then costs one command a turn, not thousands.
  const retry = async () => {
    for (let size = 1; owed.size > 0 && !closed; size = RETRY_BATCH) {
      const outcomes = await Promise.allSettled([...owed.keys().take(size)].map(deliver))
      if (outcomes.some(outcome => outcome.status === 'rejected')) return
    }
  }

  const schedule = () => {
    if (closed || retrying || timer || owed.size === 0) return
    timer = setTimeout(async () => {
      timer = undefined
      retrying = true
      await retry()
      retrying = false
      schedule()
    }, RETRY_MS).unref()
  }

  return {
    async send(keys) {
      const outcomes = await Promise.allSettled(keys.map(deliver))
      const errors: unknown[] = []
      outcomes.forEach((outcome, index) => {
        const key = keys[index]
        if (outcome.status === 'fulfilled' || key === undefined) return
        owe(key)
        errors.push(outcome.reason)
      })
      if (errors.length > 0)
        throw new Error('the drop did not reach the key-value store', { cause: errors[0] })
    },
    owed: () => owed.size,
    async close() {
      const end = performance.now() + LAST_CHANCE_MS
      while (owed.size > 0 && performance.now() < end) await sleep(RETRY_MS)
      closed = true
      clearTimeout(timer)
      if (owed.size > 0) logger.warn({ owed: owed.size }, 'cache: closed with drops owed, left to their TTL')
    },
  }
}
