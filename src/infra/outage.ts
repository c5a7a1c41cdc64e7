import type { Logger } from './logger.ts'

/** Tells of something that is tried again and again: once when it begins to fail and once when it works again. */
export interface Outage {
  failed(error: unknown): void
  worked(): void
}

/** @param what completes the sentence "… failed", for the log */
export const createOutage = (logger: Logger, what: string): Outage => {
  let failing = false
  return {
    failed(error) {
      if (!failing) logger.warn({ err: error }, `${what} failed, and is tried again`)
      failing = true
    },
    worked() {
      if (failing) logger.info(`${what} works again`)
      failing = false
    },
  }
}
