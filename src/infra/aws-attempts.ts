import { patienceLeft, timeLeft } from '../lib/deadline.ts'
import { createBreaker, type Verdict } from './breaker.ts'
import type { Logger } from './logger.ts'

/** Where an SDK client's stack takes it: inside of its retries, so that it sees each attempt. */
export const EACH_ATTEMPT = { step: 'finalizeRequest', priority: 'low', name: 'eachAttempt' } as const

/** A retry that would begin after whoever waits for it has been answered. */
class PastDeadline extends Error {
  constructor() {
    super('there is no time left for another attempt')
    this.name = 'PastDeadline'
  }
}

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined

/** The retrying middleware numbers the attempts in a header: `attempt=2; max=3`. */
const isRetry = (request: unknown) => {
  const numbered = field(field(request, 'headers'), 'amz-sdk-request')
  return typeof numbered === 'string' && !numbered.startsWith('attempt=1;')
}

/** Answers that say that there is too much to do, or that it is not known how: of a service that is there. */
const THERE = new Set(['SlowDown', 'NotImplemented', 'ThrottlingException', 'TooManyRequestsException'])

const verdict = (error: unknown): Verdict => {
  const name = String(field(error, 'name'))
  if (name === 'AbortError') return 'neither'
  const status = field(field(error, '$metadata'), 'httpStatusCode')
  if (typeof status !== 'number') return 'failed'
  // An answer that began well and is an error all the same has broken off.
  if (status >= 200 && status < 300) return 'failed'
  return status >= 500 && status !== 501 && !THERE.has(name) ? 'failed' : 'worked'
}

/**
 * What every attempt of an SDK client goes through: a breaker, so that a service that is away is not waited for by
 * each request through all of its retries, and the deadline of the request, past which no retry begins.
 */
export const createAttempts = (name: string, logger: Logger) => {
  const breaker = createBreaker({ name, logger, failures: 5, spreadMs: 200, verdict })
  const attempt = <Reply>(request: unknown, send: () => Promise<Reply>): Promise<Reply> => {
    if (isRetry(request) && Math.min(timeLeft(), patienceLeft()) <= 0) throw new PastDeadline()
    return breaker.run(send)
  }
  return { attempt, breaker }
}
