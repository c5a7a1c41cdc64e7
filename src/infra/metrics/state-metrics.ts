import { Counter, Gauge, type Registry } from 'prom-client'
import type { Cache } from '../cache/cache.ts'
import type { CacheStats } from '../cache/cached.ts'
import type { BacklogWatch } from './backlog-watch.ts'

/** Counters of the cache and the metrics that they become. */
const CACHE_COUNTERS: readonly [keyof CacheStats, string, string][] = [
  ['hits', 'hits', 'Ids that the cache answered.'],
  ['misses', 'misses', 'Ids that the cache did not answer.'],
  ['loads', 'loads', 'Reads of the database for what was missing.'],
  ['fills', 'fills', 'Values that were stored.'],
  ['refusedFills', 'stale_fills', 'Values that came too late to be stored: a write had come between.'],
  ['failures', 'failures', 'Commands to the key-value store that failed or were refused by the breaker.'],
  ['checks', 'checks', 'Entries that were held against the database.'],
  ['inconsistencies', 'inconsistencies', 'Entries that said something else than the database. Must stay 0.'],
]

interface State {
  cache: Cache
  backlog: BacklogWatch
  /** Passwords that are being hashed or compared, and those that wait for a core. */
  passwords: () => { active: number; waiting: number }
}

const watchCache = (registry: Registry, cache: Cache) => {
  const registers = [registry]
  for (const [counter, name, help] of CACHE_COUNTERS) {
    new Counter({
      ...{ name: `plaza_cache_${name}_total`, help, labelNames: ['cache'], registers },
      collect() {
        this.reset()
        for (const [kind, stats] of Object.entries(cache.stats())) this.inc({ cache: kind }, stats[counter])
      },
    })
  }
  new Gauge({
    ...{ name: 'plaza_cache_breaker_open', help: '1 while the key-value store is given up.', registers },
    collect() {
      this.set(cache.trouble().breakerOpen ? 1 : 0)
    },
  })
  new Gauge({
    ...{
      name: 'plaza_cache_drops_owed',
      help: 'Writes that the key-value store has not heard of yet.',
      registers,
    },
    collect() {
      this.set(cache.trouble().dropsOwed)
    },
  })
}

/** What is told by looking, at each scrape, rather than counted as it happens. */
export const watchState = (registry: Registry, { cache, backlog, passwords }: State): void => {
  const registers = [registry]
  watchCache(registry, cache)

  new Gauge({
    name: 'plaza_outbox_jobs',
    help: 'Jobs of the outbox, of all instances together (exact up to 1,000 waiting and 100 given up).',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset()
      const seen = await backlog.look()
      if (!seen) return
      this.set({ state: 'waiting' }, seen.waiting)
      this.set({ state: 'dead' }, seen.dead)
    },
  })
  new Gauge({
    name: 'plaza_outbox_oldest_job_age_seconds',
    help: 'For how long the oldest job has been due that is not done, of all instances together.',
    // With a label prom-client shows nothing, rather than 0, where nothing is known.
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset()
      const seen = await backlog.look()
      if (seen) this.set({ state: 'waiting' }, seen.oldestMs / 1000)
    },
  })
  new Gauge({
    ...{
      name: 'plaza_password_hashes',
      help: 'Passwords in work and in the queue.',
      labelNames: ['state'],
      registers,
    },
    collect() {
      const { active, waiting } = passwords()
      this.set({ state: 'active' }, active)
      this.set({ state: 'waiting' }, waiting)
    },
  })
}
