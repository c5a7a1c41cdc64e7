import { randomBytes } from 'node:crypto'
import type { Logger } from '../logger.ts'
import { withBreaker } from './breaker.ts'
import { type Cached, type CachedOptions, type CacheStats, createCached } from './cached.ts'
import type { Checks } from './checker.ts'
import { type Counters, createCounters, createMarks, type Marks } from './counters.ts'
import { createDrops } from './drops.ts'
import type { KeyValue } from './key-value.ts'

export type { Cached, Counters, Marks }

export interface Cache {
  /** The wall of one kind of record, under the keys `name:id`. A name is taken once. */
  of<Id extends string, V>(name: string, options: CachedOptions<Id, V>): Cached<Id, V>
  /** Numbers that only grow, under the keys `name:id`. A name is taken once, by whatever it is. */
  counters(name: string, ttlSeconds: number): Counters
  /** What may happen once within a time, under the keys `name:id`. */
  marks(name: string, ttlSeconds: number): Marks
  /** `degraded` while the store is away or a drop is owed: slower, and still right. */
  status(): 'ok' | 'degraded'
  /** What `degraded` comes from. */
  trouble(): { breakerOpen: boolean; dropsOwed: number }
  /** The counters of every kind, by name. */
  stats(): Record<string, CacheStats>
  /** Waits up to 2 s for drops that are owed, stops the retries and closes the key-value store. */
  close(): Promise<void>
}

const NONE: Checks = { share: 0, afterMs: [] }

interface CacheOptions {
  /** Without a breaker: the cache brings its own. */
  kv: KeyValue
  logger: Logger
  /**
   * Whether nobody else uses the store. Then records that an earlier process left there are not seen: it may have died
   * while it owed a drop.
   */
  alone?: boolean
  /** None when left out. */
  checks?: Checks
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
  /** From 0 up to 1. */
  random?: () => number
}

/**
 * The cache wall: a read-through cache, shared by all instances, that never shows what was there before a
 * write to a reader who came after it. After the leases of Nishtala et al., "Scaling Memcache at Facebook"
 * (NSDI 2013), with plain SET and SET NX in the place of a server that knows leases:
 *
 * - A write is followed by a drop, which sets a tombstone for a few seconds, whatever stood there.
 * - A fill only sets where nothing stands, so a slow reader's old value is refused. One that was loaded for
 *   so long that a tombstone may have come and gone meanwhile is not even offered.
 * - A reader asks the store first, always, and joins a load under way only where both saw the same there.
 * - A drop that cannot be delivered is owed. Until it is, this instance reads past the store altogether: a
 *   Redis that comes back may come back with what it held before.
 *
 * The TTL bounds what remains: a store that loses or evicts a tombstone (or comes back from a snapshot that
 * is older than it; so the store should keep nothing on disk), an instance that dies between a write and its
 * drop where it is not `alone`, a fill that the network holds back for seconds, other instances' reads while a drop is owed here.
 */
export const createCache = (options: CacheOptions): Cache => {
  const {
    logger,
    alone = false,
    checks = NONE,
    now = () => performance.now(),
    random = Math.random,
  } = options
  const kv = withBreaker(options.kv, { logger, now })
  const drops = createDrops({ kv, logger })
  const kinds = new Map<string, Pick<Cached<string, unknown>, 'stats' | 'close'>>()
  const names = new Set<string>()
  const generation = alone ? `@${randomBytes(6).toString('base64url')}` : ''

  const take = (name: string, of = '') => {
    if (names.has(name)) throw new Error(`the cache name ${name} is taken`)
    names.add(name)
    return (id: string) => `${name}${of}:${id}`
  }

  return {
    of(name, cachedOptions) {
      const key = take(name, generation)
      const cached = createCached(cachedOptions, { kv, key, drops, logger, checks, now, random })
      kinds.set(name, cached)
      return cached
    },
    counters: (name, ttlSeconds) => createCounters(kv, take(name), ttlSeconds * 1000),
    marks: (name, ttlSeconds) => createMarks(kv, take(name), ttlSeconds * 1000),
    status: () => (kv.status() === 'degraded' || drops.owed() > 0 ? 'degraded' : 'ok'),
    trouble: () => ({ breakerOpen: kv.status() === 'degraded', dropsOwed: drops.owed() }),
    stats: () => Object.fromEntries([...kinds].map(([name, kind]) => [name, kind.stats()])),
    async close() {
      for (const kind of kinds.values()) kind.close()
      await drops.close()
      await kv.close()
    },
  }
}
