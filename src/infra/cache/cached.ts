import { createRecent } from '../../lib/recent.ts'
import type { Logger } from '../logger.ts'
import { type CheckerStats, type Checks, createChecker } from './checker.ts'
import type { Drops } from './drops.ts'
import { decode, encodeValue, LOAD_LIMIT_MS, type Mark, NEGATIVE, NEGATIVE_MS, type Seen } from './entry.ts'
import { createFlights, type Flight } from './flights.ts'
import type { KeyValue } from './key-value.ts'

export interface CachedOptions<Id extends string, V> {
  /** For how long a filled value stands at most, in seconds. */
  ttlSeconds: number
  /**
   * Reads the truth, **consistently** (a read that may lag behind a finished write would be cached as new).
   * Ids that the map lacks do not exist. Values are plain JSON: what comes back from the store went through it.
   */
  load(ids: readonly Id[]): Promise<ReadonlyMap<Id, V>>
  /** What of a value has to be as the database has it, where that is not all of it. */
  essence?: (value: V) => unknown
}

/** Ids answered and not answered by the store; calls of `load`; fills that landed, that were refused by the
 * store or withheld; commands to the store that failed. Since the start. */
export interface CacheStats extends CheckerStats {
  hits: number
  misses: number
  loads: number
  fills: number
  refusedFills: number
  failures: number
}

/** One kind of record behind the wall. What is returned may be shared with other readers: do not change it. */
export interface Cached<Id extends string, V> {
  /** Null when it does not exist. Rejects only when the load does. */
  get(id: Id): Promise<V | null>
  /** Those that exist, in the order in which the ids were first named. Rejects only when a load does. */
  getMany(ids: readonly Id[]): Promise<Map<Id, V>>
  /** Waits for the write (done or failed), drops the ids, then returns or throws what the write did. */
  dropAfter<T>(ids: Id | readonly Id[], write: Promise<T>): Promise<T>
  /** Throws when the drop did not reach the store; it is delivered later all the same. */
  drop(ids: Id | readonly Id[]): Promise<void>
  stats(): CacheStats
  close(): void
}

const UNKNOWN = { mark: 'unknown' } as const

/** Values of one kind that are kept parsed. */
const RECENT = 5_000

interface Parts {
  kv: KeyValue
  key(id: string): string
  drops: Drops
  logger: Logger
  checks: Checks
  now: () => number
  random: () => number
}

/** The read path and the write path of one kind of record; `createCache` says how they fit together. */
export const createCached = <Id extends string, V>(
  options: CachedOptions<Id, V>,
  { kv, key, drops, logger, checks, now, random }: Parts,
): Cached<Id, V> => {
  const ttlMs = options.ttlSeconds * 1_000
  const counts = { hits: 0, misses: 0, loads: 0, fills: 0, refusedFills: 0, failures: 0 }
  const recent = createRecent<{ entry: string; seen: Seen<V> }>(RECENT)

  const fillOne = async (id: Id, value: V | undefined) => {
    try {
      // Jittered downwards, so that what was filled together does not expire together.
      const landed =
        value === undefined
          ? await kv.setIfAbsent(key(id), NEGATIVE, NEGATIVE_MS)
          : await kv.setIfAbsent(key(id), encodeValue(value), ttlMs * (1 - random() / 10))
      counts[landed ? 'fills' : 'refusedFills']++
    } catch {
      counts.failures++
    }
  }

  // Only a load that began on "absent" fills: a tombstone would refuse it anyway, and behind "unknown" there
  // may be one. A load that took long is not trusted to be refused: the tombstone of a write that came after
  // it began may have lapsed. Nor is one that a drop here has forgotten, or while a drop is owed.
  const fill = async (flight: Flight<Id, V>, values: ReadonlyMap<Id, V>) => {
    const withheld = now() - flight.begun > LOAD_LIMIT_MS || drops.owed() > 0
    const fills: Promise<void>[] = []
    for (const [id, mark] of flight.marks) {
      if (mark !== 'absent') continue
      if (withheld || !flights.isCurrent(flight, id)) counts.refusedFills++
      else fills.push(fillOne(id, values.get(id)))
    }
    await Promise.all(fills)
  }

  const flights = createFlights<Id, V>({
    load: ids => {
      counts.loads++
      return options.load(ids)
    },
    land: fill,
    now,
  })

  /** What an entry says; the last one of each id is not parsed again. */
  const read = (id: Id, entry: string | null): Seen<V> => {
    const known = recent.get(id)
    if (known && known.entry === entry) return known.seen
    const seen = decode<V>(entry)
    if (entry !== null && 'answer' in seen) recent.set(id, { entry, seen })
    return seen
  }

  // Always asks the store, whatever is under way here: only there does a write of another instance show.
  const look = async (ids: readonly Id[]): Promise<Seen<V>[]> => {
    if (drops.owed() === 0) {
      try {
        const entries = await kv.getMany(ids.map(key))
        return ids.map((id, at) => read(id, entries[at] ?? null))
      } catch {
        counts.failures++
      }
    }
    return ids.map(() => UNKNOWN)
  }

  const answerOf = (entry: Seen<V> | undefined) => (entry && 'answer' in entry ? entry.answer : undefined)

  /** Of those that were answered by a mark: what a load says. */
  const loadMarked = async (ids: readonly Id[], seen: readonly Seen<V>[]) => {
    const marks = new Map<Id, Mark>()
    for (const [at, id] of ids.entries()) {
      const entry = seen[at]
      if (entry && 'mark' in entry) marks.set(id, entry.mark)
    }
    counts.misses += marks.size
    counts.hits -= marks.size
    return flights.fetch(marks)
  }

  const getMany = async (ids: readonly Id[]) => {
    const wanted = ids.length > 1 ? [...new Set(ids)] : ids
    const seen = wanted.length > 0 ? await look(wanted) : []
    counts.hits += seen.length
    const loaded = seen.some(entry => 'mark' in entry) ? await loadMarked(wanted, seen) : undefined
    const found = new Map<Id, V>()
    for (const [at, id] of wanted.entries()) {
      const value = answerOf(seen[at]) ?? loaded?.get(id)
      if (value !== undefined && value !== null) found.set(id, value)
    }
    return found
  }

  const drop = async (ids: Id | readonly Id[]) => {
    const dropped: readonly Id[] = typeof ids === 'string' ? [ids] : ids
    // With the store away no tombstone keeps this instance's readers from joining a load that began before.
    for (const id of dropped) flights.forget(id)
    try {
      await drops.send(dropped.map(key))
      checker.dropped(dropped)
    } catch (error) {
      counts.failures++
      throw error
    }
  }

  const { load, essence } = options
  const checker = createChecker<Id, V>({
    checks,
    kv,
    key,
    load,
    essence: value => (value === null || !essence ? value : essence(value)),
    drop,
    random,
    logger,
  })

  return {
    get: async id => (await getMany([id])).get(id) ?? null,
    getMany,
    drop,
    async dropAfter(ids, write) {
      try {
        return await write
      } finally {
        // Also when the write failed: one that timed out may have landed. A drop that fails is owed, and must
        // not fail a write that was done.
        await drop(ids).catch(() => {})
      }
    },
    stats: () => ({ ...counts, ...checker.stats() }),
    close: checker.close,
  }
}
