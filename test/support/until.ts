import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until something holds, and fails with what was last seen when it does not come within `limitMs`. It looks
 * again after 1 to 20 ms, a tenth of the time waited so far: soon enough to be no delay, and seldom enough to leave
 * the processor to what is waited for.
 */
export const until = async <T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  limitMs = 10_000,
): Promise<T> => {
  const began = Date.now()
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    const waited = Date.now() - began
    if (waited > limitMs)
      throw new Error(`did not come true in ${limitMs} ms, last seen: ${JSON.stringify(seen)}`)
    await pause(Math.min(Math.max(waited / 10, 1), 20))
  }
}
