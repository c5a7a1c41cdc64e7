import type { Cache } from '../cache/cache.ts'
import type { Logger } from '../logger.ts'
import type { BacklogWatch } from './backlog-watch.ts'

/** The log line that alarms are made of; a filter on the log looks for these very words (infra/lib/alarms.ts). */
export const VITALS = 'vitals'

export interface Vitals {
  /** Left out while the database does not answer. */
  outbox_waiting?: number
  outbox_oldest_s?: number
  outbox_dead?: number
  /** Since the line before. */
  cache_inconsistencies: number
  cache_breaker_open: 0 | 1
}

interface VitalsOptions {
  cache: Cache
  backlog: BacklogWatch
  logger: Logger
  everyMs: number
}

/**
 * Logs what somebody should be woken for, again and again: where logs are collected there are alarms with nothing
 * scraping. @returns what ends it
 */
export const logVitals = ({ cache, backlog, logger, everyMs }: VitalsOptions): (() => void) => {
  let told = 0
  const tell = async () => {
    const seen = await backlog.look()
    const inconsistencies = Object.values(cache.stats()).reduce(
      (sum, stats) => sum + stats.inconsistencies,
      0,
    )
    const vitals: Vitals = {
      ...(seen && {
        outbox_waiting: seen.waiting,
        outbox_oldest_s: Math.round(seen.oldestMs / 1000),
        outbox_dead: seen.dead,
      }),
      cache_inconsistencies: inconsistencies - told,
      cache_breaker_open: cache.trouble().breakerOpen ? 1 : 0,
    }
    told = inconsistencies
    logger.info(vitals, VITALS)
  }
  const timer = setInterval(tell, everyMs).unref()
  return () => clearInterval(timer)
}
