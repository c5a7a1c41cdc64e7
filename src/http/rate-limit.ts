import type { RequestHandler, Response } from 'express'
import type { LimitCounters } from '../infra/limits/limit-counters.ts'
import { rateLimited, rateLimitHeaders, type Taken } from '../lib/rate-limit.ts'
import { clientAddress } from './client-address.ts'
import type { LimitName, Policy } from './limits.ts'

/** The limits as middleware. */
export interface RateLimits {
  /** Those by address among them: before it is known who is asking. */
  byAddress(names: readonly LimitName[]): RequestHandler[]
  /** Those by viewer among them. */
  byViewer(names: readonly LimitName[]): RequestHandler[]
}

/** Of several limits the reply tells the one of which the least is left. */
const tell = (res: Response, taken: Taken) => {
  const told = res.getHeader('RateLimit-Remaining')
  if (told !== undefined && Number(told) <= taken.remaining) return
  for (const [name, value] of Object.entries(rateLimitHeaders(taken))) res.setHeader(name, value)
}

export const createRateLimits = (
  counters: LimitCounters,
  table: Readonly<Record<LimitName, Policy>>,
): RateLimits => {
  const handlerOf = (name: LimitName, { by, cost, ...window }: Policy): RequestHandler => {
    const counter = counters.of({ name, ...window })
    return async (req, res, next) => {
      const address = () => `address ${clientAddress(req)}`
      const viewer = by === 'viewer' && res.locals.viewer?.user_id
      const taken = await counter.take(viewer || address(), cost?.(req))
      if (!taken.allowed) throw rateLimited(taken)
      tell(res, taken)
      next()
    }
  }
  const names = Object.keys(table) as LimitName[]
  const handlers = new Map(names.map(name => [name, handlerOf(name, table[name])]))
  const chosen = (by: Policy['by']) => (names: readonly LimitName[]) =>
    names.flatMap(name => (table[name].by === by ? (handlers.get(name) ?? []) : []))
  return { byAddress: chosen('address'), byViewer: chosen('viewer') }
}

/** `RATE_LIMITS=off`. */
export const noRateLimits: RateLimits = { byAddress: () => [], byViewer: () => [] }
