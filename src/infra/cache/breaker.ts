import type { Logger } from '../logger.ts'
import type { KeyValue } from './key-value.ts'

export type GuardedKeyValue = KeyValue & {
  /** `degraded` from the moment that the breaker opens until a probe has succeeded. */
  status(): 'ok' | 'degraded'
}

interface BreakerOptions {
  logger: Logger
  /** Failures in a row, without a success between them, that open it. */
  failures?: number
  /** Milliseconds for which an open breaker refuses everything before it lets one probe through. */
  openMs?: number
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
}

/**
 * A circuit breaker (Nygard, Release It!): a store that is away costs each request nothing instead of a
 * time limit. Closed, open for `openMs`, then half-open: one probe goes through, its outcome decides.
 */
export const withBreaker = (kv: KeyValue, options: BreakerOptions): GuardedKeyValue => {
  const { logger, failures: limit = 3, openMs = 500, now = () => performance.now() } = options
  let failures = 0
  /** When the next probe may go; undefined while closed. */
  let probeAt: number | undefined
  // Every opening and closing begins a new era: what was sent in an earlier one says nothing about this one
  // (a thousand commands that were under way when the store died must not open it again once it is back).
  let era = 0

  const open = (error: unknown) => {
    if (probeAt === undefined)
      logger.warn({ err: error }, 'key-value store: breaker open, going on without it')
    probeAt = now() + openMs
    era++
  }

  const succeeded = () => {
    failures = 0
    if (probeAt === undefined) return
    probeAt = undefined
    era++
    logger.info('key-value store: breaker closed, in use again')
  }

  const failed = (error: unknown) => {
    failures++
    if (failures >= limit) open(error)
  }

  const enter = () => {
    if (probeAt === undefined) return
    if (now() < probeAt) throw new Error('the key-value store is away (breaker open)')
    // This one is the probe. Others are refused until it has settled, which sets the time anew.
    probeAt = Number.POSITIVE_INFINITY
    era++
  }

  const guarded = async <T>(command: () => Promise<T>): Promise<T> => {
    enter()
    const sentIn = era
    try {
      const reply = await command()
      if (sentIn === era) succeeded()
      return reply
    } catch (error) {
      if (sentIn === era) failed(error)
      throw error
    }
  }

  return {
    kind: kv.kind,
    getMany: keys => guarded(() => kv.getMany(keys)),
    set: (key, value, ttlMs) => guarded(() => kv.set(key, value, ttlMs)),
    setIfAbsent: (key, value, ttlMs) => guarded(() => kv.setIfAbsent(key, value, ttlMs)),
    increment: (key, by, floor, ttlMs) => guarded(() => kv.increment(key, by, floor, ttlMs)),
    ping: () => guarded(() => kv.ping()),
    close: () => kv.close(),
    status: () => (probeAt === undefined ? 'ok' : 'degraded'),
  }
}
