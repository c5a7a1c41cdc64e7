import { isDeepStrictEqual } from 'node:util'
import type { Logger } from '../logger.ts'
import { decode } from './entry.ts'
import type { KeyValue } from './key-value.ts'

/** A write may land between the two reads: what differs is looked at once more after so long. */
const AGAIN_MS = 500
/** Checks that may wait at the same time; past it drops go unchecked. */
const MOST_WAITING = 1_000

/** Which writes are followed by checks, and when. */
export interface Checks {
  /** The share of drops, 0 to 1. */
  share: number
  /** Milliseconds after the drop: while its tombstone stands, and when the cache has been filled again. */
  afterMs: readonly number[]
}

export interface CheckerStats {
  checks: number
  /** Entries that still said something else than the database. Each was dropped. */
  inconsistencies: number
}

interface CheckerOptions<Id extends string, V> {
  checks: Checks
  kv: KeyValue
  key(id: Id): string
  load(ids: readonly Id[]): Promise<ReadonlyMap<Id, V>>
  /** What of a value has to agree. */
  essence: (value: V | null) => unknown
  drop(id: Id): Promise<void>
  random: () => number
  logger: Logger
}

/**
 * Holds what the cache says against what the database says, a while after some of the writes: the wall is built so
 * that they never differ, and this is how an operator would learn that it leaks. After the checkers of Polaris
 * ("Cache made consistent", Meta Engineering, 2022).
 */
export const createChecker = <Id extends string, V>(options: CheckerOptions<Id, V>) => {
  const { checks, kv, key, load, essence, drop, random, logger } = options
  const stats: CheckerStats = { checks: 0, inconsistencies: 0 }
  const waiting = new Set<NodeJS.Timeout>()

  const later = (ms: number, check: () => Promise<void>) => {
    const timer = setTimeout(() => {
      waiting.delete(timer)
      // A backend that is away says nothing about whether they agree.
      check().catch(() => {})
    }, ms).unref()
    waiting.add(timer)
  }

  /** The entry, when it is an answer and the database has another one. */
  const differing = async (id: Id) => {
    const [entry = null] = await kv.getMany([key(id)])
    const seen = decode<V>(entry)
    if (!('answer' in seen)) return null
    const truth = (await load([id])).get(id) ?? null
    return isDeepStrictEqual(essence(seen.answer), essence(truth)) ? null : entry
  }

  const check = async (id: Id) => {
    stats.checks++
    const entry = await differing(id)
    if (entry !== null) later(AGAIN_MS, () => confirm(id, entry))
  }

  const confirm = async (id: Id, earlier: string) => {
    if ((await differing(id)) !== earlier) return
    stats.inconsistencies++
    logger.error({ key: key(id) }, 'cache: an entry says something else than the database, dropping it')
    await drop(id)
  }

  return {
    dropped(ids: readonly Id[]) {
      for (const id of ids) {
        if (waiting.size >= MOST_WAITING || random() >= checks.share) continue
        for (const ms of checks.afterMs) later(ms, () => check(id))
      }
    },
    stats: () => ({ ...stats }),
    close() {
      for (const timer of waiting) clearTimeout(timer)
    },
  }
}
