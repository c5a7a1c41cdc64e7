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

/** Not `Promise.race`, which makes five promises of one. */
const inTime = <T>(ms: number, work: () => T | Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooSlow()), ms)
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer)
        how(value)
      }
    Promise.try(work).then(settle(resolve), settle(reject))
  })
