import type { RequestHandler } from 'express'
import { Problem, unavailable } from '../lib/errors.ts'

const perUserProblem = (most: number) =>
  new Problem(429, 'rate_limited', 'Too many requests', `You may have ${most} uploads under way at once.`, {
    retryAfter: 1,
  })

/**
 * Bounds the uploads under way: each holds memory (5 MiB on its way to S3) for as long as its client likes. Who comes
 * too many is refused before a byte is read.
 * @param most in this process; one user may have half of them
 */
export const uploadSlots = (most: number): RequestHandler => {
  const mostOfUser = Math.max(1, Math.floor(most / 2))
  const byUser = new Map<string, number>()
  let all = 0

  const count = (user: string, by: 1 | -1) => {
    all += by
    const own = (byUser.get(user) ?? 0) + by
    if (own > 0) byUser.set(user, own)
    else byUser.delete(user)
  }

  return (_req, res, next) => {
    const user = res.locals.viewer?.user_id ?? ''
    if ((byUser.get(user) ?? 0) >= mostOfUser) throw perUserProblem(mostOfUser)
    if (all >= most) throw unavailable('Too many uploads at this moment.', 2)
    count(user, 1)
    res.once('close', () => count(user, -1))
    next()
  }
}
