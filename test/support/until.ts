import { setImmediate as turn } from 'node:timers/promises'

/**
 * Waits until something holds, looking again as soon as the event loop has turned, and fails with what was last
 * seen when it does not come within `limitMs`.
 */
export const until = async <T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  limitMs = 10_000,
): Promise<T> => {
  const deadline = Date.now() + limitMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadline)
      throw new Error(`did not come true in ${limitMs} ms, last seen: ${JSON.stringify(seen)}`)
    await turn()
  }
}
