import { AsyncLocalStorage } from 'node:async_hooks'

const deadlines = new AsyncLocalStorage<number>()

/** Does the work with a deadline that everything it calls can ask for. */
export const withDeadline = <T>(ms: number, work: () => T): T => deadlines.run(performance.now() + ms, work)

/** Does the work without one: what goes on when whoever has asked for it has been answered. */
export const withoutDeadline = <T>(work: () => T): T => deadlines.run(Number.POSITIVE_INFINITY, work)

/** Milliseconds until the deadline; Infinity where there is none. */
export const timeLeft = (): number => (deadlines.getStore() ?? Number.POSITIVE_INFINITY) - performance.now()
