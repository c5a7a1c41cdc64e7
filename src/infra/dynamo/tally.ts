import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { v7 } from 'uuid'
import { Problem } from '../../lib/errors.ts'
import type { Logger } from '../logger.ts'
import { createOutage } from '../outage.ts'
import { createRepeating } from '../repeating.ts'
import type { Dynamo } from './dynamo.ts'
import { ConditionFailed, type Write } from './write.ts'

/**
 * Numbers that are counted in memory and added to the database every few seconds (write-behind): a thousand views of a
 * post in that time are one write. What is added twice is there twice, so each batch is a transaction with a token that
 * is kept until its outcome is known. A process that is killed loses what it has counted since its last flush.
 */
export interface Tally {
  /** False when there is no room left, since the database has been away for long: it is not counted then. */
  add(key: string, by: number): boolean
  /** Brings what was counted so far to the database. True when all of it is there. */
  flush(): Promise<boolean>
  start(): void
  /** Flushes, and tries again for a few seconds if it must. Afterwards nothing is counted any more. */
  stop(): Promise<void>
}

export interface TallyOptions {
  dynamo: Dynamo
  logger: Logger
  /** What is counted, for the log. */
  what: string
  /** The write that adds the number. Where its condition does not hold, what it would be added to is gone. */
  write(key: string, by: number): Write
  /** Told of what each flush brings. Must not reject. */
  onFlush?: (keys: readonly string[]) => Promise<void>
  flushMs?: number
  /** Keys that are kept at most. */
  mostKeys?: number
}

/** Its token makes it harmless to send it again; DynamoDB remembers that for 10 minutes. */
interface Batch {
  entries: readonly (readonly [key: string, by: number])[]
  writes: readonly Write[]
  token: string
}

const BATCH = 25
const BATCHES_AT_ONCE = 4
const LAST_TRIES = 6

export const createTally = (options: TallyOptions): Tally => {
  const { dynamo, logger, what, write, onFlush, flushMs = 5000, mostKeys = 10_000 } = options
  const outage = createOutage(logger, `counting ${what}`)
  let pending = new Map<string, number>()
  /** Not known to be there yet. */
  let batches: Batch[] = []
  let full = false
  let stopped = false

  const batchOf = (entries: Batch['entries']): Batch => ({
    entries,
    writes: entries.map(([key, by]) => write(key, by)),
    token: v7(),
  })

  /** What is left of a batch where some of it had no place to go; undefined when all is done. Throws where nobody knows. */
  const send = async (batch: Batch): Promise<Batch | undefined> => {
    try {
      await dynamo.transact(batch.writes, batch.token)
    } catch (error) {
      if (error instanceof ConditionFailed) {
        const left = batch.entries.filter((_, at) => !error.failed.includes(at))
        return left.length > 0 ? batchOf(left) : undefined
      }
      if (error instanceof Problem) throw error
      // A fault of ours, which no further try mends.
      logger.error({ err: error, lost: batch.entries.length }, `${what} could not be counted`)
    }
  }

  const settleAll = async () => {
    const limit = pLimit(BATCHES_AT_ONCE)
    const left: Batch[] = []
    let fault: unknown
    const work = async (batch: Batch) => {
      let rest: Batch | undefined = batch
      try {
        // Where one did not get through, the others need not try.
        while (rest && !fault) rest = await send(rest)
      } catch (error) {
        fault = error
      }
      if (rest) left.push(rest)
    }
    await Promise.all(batches.map(batch => limit(work, batch)))
    batches = left
    if (fault) outage.failed(fault)
    else outage.worked()
  }

  const round = async () => {
    const taken = [...pending].filter(([, by]) => by !== 0)
    // As long as many wait for their outcome, the others wait too: the sum of both is bounded.
    if (batches.length < mostKeys / BATCH) {
      pending = new Map()
      for (let at = 0; at < taken.length; at += BATCH) batches.push(batchOf(taken.slice(at, at + BATCH)))
    }
    await Promise.all([settleAll(), onFlush?.(taken.map(([key]) => key))])
    if (batches.length === 0) full = false
  }

  let last: Promise<unknown> = Promise.resolve()
  /** One round at a time, each after the others. */
  const flush = async () => {
    const mine = last.then(round)
    last = mine.catch(() => {})
    await mine
    return batches.length === 0 && pending.size === 0
  }

  const repeating = createRepeating(() => flush().catch(outage.failed), flushMs)

  return {
    add(key, by) {
      if (stopped) return false
      const counted = pending.get(key)
      if (counted === undefined && pending.size >= mostKeys) {
        if (!full) logger.warn({ most: mostKeys }, `counting ${what}: no room for more, some are not counted`)
        full = true
        return false
      }
      pending.set(key, (counted ?? 0) + by)
      return true
    },

    flush,
    start: repeating.start,

    async stop() {
      await repeating.stop()
      stopped = true
      for (let attempt = 0; !(await flush().catch(() => false)); attempt++) {
        if (attempt === LAST_TRIES) {
          const lost = pending.size + batches.reduce((sum, { entries }) => sum + entries.length, 0)
          logger.error({ lost }, `${what} could not be counted`)
          return
        }
        await sleep(50 * 2 ** attempt)
      }
    },
  }
}
