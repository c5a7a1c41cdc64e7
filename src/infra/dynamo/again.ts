import { timeLeft } from '../../lib/deadline.ts'
import { unavailable } from '../../lib/errors.ts'
import { backOff } from './dynamo-errors.ts'

/** Some four seconds, like the retries of a transaction that meets others. */
const TRIES = 24

/**
 * Reads and writes again as long as somebody else is faster: `attempt` gives null when what it had read was not true
 * any more when it wrote. Somebody got through each time, so that this ends. Throws 503 when it did not in time.
 */
export const again = async <T>(attempt: () => Promise<T | null>): Promise<T> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const done = await attempt()
    if (done !== null) return done
    if (timeLeft() <= 0) break
    await backOff(tries)
  }
  throw unavailable('This is being changed by many at once.', 1)
}
