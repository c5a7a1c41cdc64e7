import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { RequestHandler } from 'express'
import { unavailable } from '../lib/errors.ts'

/** Whether this process is so far behind that it does better to refuse than to take on more. */
export interface Overload {
  overloaded(): boolean
  stop(): void
}

const SAMPLE_MS = 500
const RESOLUTION_MS = 20
/** One pause, however long, is over when it is measured: only what goes on is an overload. */
const IN_A_ROW = 2

/** Each turn of the event loop takes so long, in ms: thousands of requests in each. A slow machine is far below. */
export const LAG_BOUND_MS = 1000

/** @param boundMs mean delay of the event loop, in two samples in a row, from which on it is an overload */
export const watchOverload = (boundMs: number): Overload => {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  let over = 0
  const timer = setInterval(() => {
    // Nothing at all was measured where this came right after the last one.
    if (delays.count === 0) return
    over = delays.mean / 1e6 > boundMs ? over + 1 : 0
    delays.reset()
  }, SAMPLE_MS).unref()
  return {
    overloaded: () => over >= IN_A_ROW,
    stop: () => {
      clearInterval(timer)
      delays.disable()
    },
  }
}

/** Asked by machines that would take a refusal for the end of the process. */
const ALWAYS = new Set(['/health', '/ready', '/metrics'])

/** Refuses requests while there is an overload, before anything is done for them. */
export const shed =
  ({ overloaded }: Overload): RequestHandler =>
  (req, _res, next) => {
    if (overloaded() && !ALWAYS.has(req.path)) throw unavailable('Too much to do at this moment.', 2)
    next()
  }
