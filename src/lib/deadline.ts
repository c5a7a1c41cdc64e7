import { AsyncLocalStorage } from 'node:async_hooks'
import { unavailable } from './errors.ts'

/**
 * Milliseconds that one request may wait for backends, all of its calls together. What it takes beyond that (a hash, a
 * queue, a body that is still coming) is not the backends' doing.
 */
const PATIENCE_MS = 2_200

/** However little of it is left: a call that takes less is not what it was lost with. */
const LEAST_MS = 500

interface Patience {
  left: number
  /** Calls under way at once are waited for once. */
  waiting: number
  since: number
}

/** When, on the clock of `performance.now`, a request that only reads was last sure to have seen every change before. */
export interface Look {
  at: number
}

interface Limits {
  deadline: number
  patience: Patience
  look: Look | undefined
}

const limits = new AsyncLocalStorage<Limits | undefined>()

const nothingSeen = (): Look => ({ at: Number.NEGATIVE_INFINITY })

const patience = (): Patience => limits.getStore()?.patience ?? { left: PATIENCE_MS, waiting: 0, since: 0 }

/**
 * Does the work with a bound to how long it waits for backends, which everything it calls can ask for.
 * @param reads whether it only reads: all that it reads may then be of one look
 */
export const withPatience = <T>(work: () => T, reads = false): T => {
  const look = reads ? nothingSeen() : undefined
  return limits.run({ deadline: Number.POSITIVE_INFINITY, patience: patience(), look }, work)
}

/** What the request that is asking has seen; undefined where every read has to look for itself. */
export const currentLook = (): Look | undefined => limits.getStore()?.look

/** From here on the request has to see what has changed since it began, too. */
export const lookAnew = (): void => {
  const mine = limits.getStore()
  // Another one, and not the same anew: a look that is under way is of before.
  if (mine?.look) mine.look = nothingSeen()
}

/**
 * The same, and with a deadline.
 * @param ms Infinity: none
 */
export const withDeadline = <T>(ms: number, work: () => T): T =>
  limits.run({ deadline: performance.now() + ms, patience: patience(), look: currentLook() }, work)

/** Does the work without any: what goes on when whoever has asked for it has been answered. */
export const withoutDeadline = <T>(work: () => T): T => limits.run(undefined, work)

/** Milliseconds until the deadline; Infinity where there is none. */
export const timeLeft = (): number =>
  (limits.getStore()?.deadline ?? Number.POSITIVE_INFINITY) - performance.now()

/** Milliseconds that backends may still be waited for, below zero when it was longer; Infinity where nobody waits. */
export const patienceLeft = (): number => {
  const mine = limits.getStore()?.patience
  if (!mine) return Number.POSITIVE_INFINITY
  return mine.waiting > 0 ? mine.left - (performance.now() - mine.since) : mine.left
}

/** Milliseconds for which one more call may be waited for. */
export const bearable = (): number => Math.max(LEAST_MS, patienceLeft())

/**
 * Waits for a backend at the expense of the patience.
 * @param free milliseconds of it that cost nothing, since it takes that long to send the bytes
 */
export const waited = async <T>(work: () => Promise<T>, free = 0): Promise<T> => {
  const mine = limits.getStore()?.patience
  if (!mine) return work()
  const begun = performance.now()
  if (mine.waiting++ === 0) mine.since = begun
  try {
    return await work()
  } finally {
    const now = performance.now()
    if (--mine.waiting === 0) mine.left -= now - mine.since
    mine.left += Math.min(now - begun, free)
  }
}

/**
 * The same for an answer that others wait for too, who may be more patient.
 * @throws Problem 503 when it does not come in time
 */
export const waitedAlong = async <T>(work: () => Promise<T>): Promise<T> => {
  const ms = bearable()
  if (ms === Number.POSITIVE_INFINITY) return work()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(unavailable('The answer did not come in time.', 1)), ms)
  try {
    return await waited(() => Promise.race([work(), late.promise]))
  } finally {
    clearTimeout(timer)
  }
}
