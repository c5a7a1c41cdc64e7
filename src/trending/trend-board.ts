import pLimit from 'p-limit'
import type { Logger } from '../infra/logger.ts'
import { createOutage } from '../infra/outage.ts'
import { createRepeating } from '../infra/repeating.ts'
import { type HourOfPoints, hoursBack, LONGEST_TIMEFRAME, rank } from './decay.ts'
import type { TrendStore } from './trend-store.ts'

/**
 * What this instance knows of the points of the last 168 hours: their first 200 posts each, in memory (some 4 MB), kept
 * up in the background. A read costs neither the database nor the cache anything, and nothing is lost with the cache.
 */
export interface TrendBoard {
  /** Ids of the posts that trend, best first. Only the first reads after the start may have to wait for the database. */
  ranked(timeframeHours: number): Promise<readonly string[]>
  start(): void
  stop(): Promise<void>
}

export interface TrendBoardOptions {
  store: Pick<TrendStore, 'top'>
  logger: Logger
  refreshMs?: number
  /** Unix milliseconds. */
  now?: () => number
}

const QUERIES_AT_ONCE = 4
/** Hours that are read for the first time in one round: a day. */
const NEW_HOURS = 25

export const createTrendBoard = (options: TrendBoardOptions): TrendBoard => {
  const { store, logger, refreshMs = 15_000, now = Date.now } = options
  const outage = createOutage(logger, 'reading what trends')
  const limit = pLimit(QUERIES_AT_ONCE)
  const hours = new Map<string, HourOfPoints>()
  const loading = new Map<string, Promise<void>>()
  /** What was ranked since the last change, by timeframe. */
  const ranks = new Map<number, readonly string[]>()
  let away = false
  let stopped = false
  let turn = 0

  const read = async (hour: string) => {
    try {
      if (stopped) return
      hours.set(hour, await store.top(hour))
      ranks.clear()
    } finally {
      loading.delete(hour)
    }
  }

  /** Whoever asks for an hour that is being read waits for that. */
  const load = (hour: string) => {
    const work = loading.get(hour) ?? limit(read, hour)
    loading.set(hour, work)
    return work
  }

  const loadAll = async (names: readonly string[]) => {
    try {
      await Promise.all(names.map(load))
      away = false
      outage.worked()
    } catch (error) {
      away = true
      outage.failed(error)
    }
  }

  /** The hour before that overlaps with the beginning of a timeframe is part of it. */
  const within = (timeframeHours: number) => hoursBack(now(), timeframeHours + 1)

  const refresh = async () => {
    const all = within(LONGEST_TIMEFRAME)
    for (const hour of hours.keys()) if (!all.includes(hour)) hours.delete(hour)
    ranks.clear()
    const fresh = all.filter(hour => !hours.has(hour)).slice(0, NEW_HOURS)
    // The last two are still counted in. Of the others something may be taken back: one after the other is read again.
    turn = (turn + 1) % all.length
    await loadAll([...new Set([...all.slice(0, 2), ...fresh, ...all.slice(turn, turn + 1)])])
  }

  const repeating = createRepeating(refresh, refreshMs)
  let first: Promise<void> | undefined

  return {
    async ranked(timeframeHours) {
      const missing = within(timeframeHours).filter(hour => !hours.has(hour))
      // With the database away nobody waits for it; the next round in the background finds out.
      if (missing.length > 0 && !away) await loadAll(missing)
      const known = ranks.get(timeframeHours) ?? rank(hours.values(), timeframeHours, now())
      ranks.set(timeframeHours, known)
      return known
    },

    start() {
      first = refresh()
      repeating.start()
    },

    async stop() {
      stopped = true
      await Promise.all([repeating.stop(), first, ...loading.values()].map(work => work?.catch(() => {})))
    },
  }
}
