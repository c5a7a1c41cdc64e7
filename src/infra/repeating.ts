/** Work that is done again and again, one round at a time. */
export interface Repeating {
  start(): void
  /** No round begins any more; the one that is under way is waited for. */
  stop(): Promise<void>
}

/**
 * @param work must not reject
 * @param everyMs from the end of one round to the beginning of the next, give or take a quarter: many instances do not
 * go in step
 */
export const createRepeating = (work: () => Promise<unknown>, everyMs: number): Repeating => {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> | undefined
  let stopped = false

  const schedule = () => {
    if (stopped) return
    timer = setTimeout(
      () => {
        running = work().finally(schedule)
      },
      everyMs * (0.75 + Math.random() / 2),
    ).unref()
  }

  return {
    start: schedule,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
