import type { Logger } from './logger.ts'

/** What became of something that was asked of a backend. `neither`: it tells nothing of the backend. */
export type Verdict = 'worked' | 'failed' | 'neither'

export interface Breaker {
  /** Does the work, or refuses it at once. @throws BreakerOpen, or what the work throws */
  run<T>(work: () => Promise<T>): Promise<T>
  /** `open` from the moment that it opens until a probe has succeeded. */
  status(): 'closed' | 'open'
}

/** The backend was away a moment ago: it was not asked. */
class BreakerOpen extends Error {
  constructor(name: string) {
    super(`the ${name} is away (breaker open)`)
    this.name = 'BreakerOpen'
  }
}

export interface BreakerOptions {
  /** Completes "the … is away". */
  name: string
  logger: Logger
  /** Failures in a row, without a success between them, that open it. */
  failures?: number
  /**
   * Milliseconds over which those must be spread. When this process was busy for longer than a time limit, all that is
   * under way fails at one moment, which says nothing of the backend.
   */
  spreadMs?: number
  /** Milliseconds for which an open breaker refuses everything before it lets one probe through. */
  openMs?: number
  /** Milliseconds after which a probe that has not settled is not waited for, and another one goes. */
  probeMs?: number
  /** What a rejection says of the backend: a failure, when left out. */
  verdict?: (error: unknown) => Verdict
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
}

/**
 * A circuit breaker (Nygard, Release It!): a backend that is away costs each request nothing instead of a
 * time limit. Closed, open for `openMs`, then half-open: one probe goes through, its outcome decides.
 */
export const createBreaker = (options: BreakerOptions): Breaker => {
  const { name, logger, failures: limit = 3, spreadMs = 0, openMs = 500, probeMs = 2_000 } = options
  const { verdict = () => 'failed', now = () => performance.now() } = options
  let failures = 0
  let failingSince = 0
  /** When the next probe may go; undefined while closed. */
  let probeAt: number | undefined
  // Every opening and closing begins a new era: what was sent in an earlier one says nothing about this one
  // (a thousand commands that were under way when the store died must not open it again once it is back).
  let era = 0

  const open = (error: unknown) => {
    if (probeAt === undefined) logger.warn({ err: error }, `${name}: breaker open, refusing at once`)
    probeAt = now() + openMs
    era++
  }

  const worked = () => {
    failures = 0
    if (probeAt === undefined) return
    probeAt = undefined
    era++
    logger.info(`${name}: breaker closed, in use again`)
  }

  const failed = (error: unknown) => {
    if (failures === 0) failingSince = now()
    failures++
    if (failures >= limit && now() - failingSince >= spreadMs) open(error)
  }

  const settle = (error: unknown) => {
    const said = verdict(error)
    if (said === 'worked') worked()
    else if (said === 'failed') failed(error)
    // A probe that has told nothing: the next one may go at once.
    else if (probeAt !== undefined) {
      probeAt = now()
      era++
    }
  }

  const enter = () => {
    if (probeAt === undefined) return
    if (now() < probeAt) throw new BreakerOpen(name)
    // This one is the probe. Others are refused until it has settled, which sets the time anew; but what takes its time
    // (an upload, whose limits are those of a stream) must not keep a backend away that is back.
    probeAt = now() + probeMs
    era++
  }

  return {
    async run(work) {
      enter()
      const sentIn = era
      try {
        const result = await work()
        if (sentIn === era) worked()
        return result
      } catch (error) {
        if (sentIn === era) settle(error)
        throw error
      }
    },
    status: () => (probeAt === undefined ? 'closed' : 'open'),
  }
}
