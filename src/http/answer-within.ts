import { withDeadline } from '../lib/deadline.ts'
import { unavailable } from '../lib/errors.ts'

const tooSlow = () =>
  unavailable('The answer took too long. What was asked for may have been done, or be done yet.', 2)

/**
 * Waits for work no longer than that, with a deadline for whatever it calls. It goes on all the same, and what it comes
 * to then is nobody's answer any more.
 * @param ms Infinity: for as long as it takes
 * @throws Problem 503, or what the work throws
 */
export const answerWithin = <T>(ms: number, work: () => T | Promise<T>): T | Promise<T> =>
  withDeadline(ms, () => (Number.isFinite(ms) ? inTime(ms, work) : work()))

const inTime = async <T>(ms: number, work: () => T | Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooSlow()), ms)
  try {
    return await Promise.race([work(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
