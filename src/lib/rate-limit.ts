import { Problem } from './errors.ts'

/** What is left of a limit after something has been taken of it, or could not be. */
export interface Taken {
  allowed: boolean
  /** How much there is in one window. */
  limit: number
  remaining: number
  /** Milliseconds until the window ends and all of it is there again. */
  resetMs: number
}

const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000))

/** As the drafts of the RateLimit header fields had it until they became structured (draft-ietf-httpapi-ratelimit-headers-06). */
export const rateLimitHeaders = ({ limit, remaining, resetMs }: Taken): Record<string, string> => ({
  'RateLimit-Limit': String(limit),
  'RateLimit-Remaining': String(remaining),
  'RateLimit-Reset': String(seconds(resetMs)),
})

/** 429 with `Retry-After` and `RateLimit-*`. */
export const rateLimited = (taken: Taken, detail = 'Too many requests; come again later.') =>
  new Problem(429, 'rate_limited', 'Too many requests', detail, {
    retryAfter: seconds(taken.resetMs),
    headers: rateLimitHeaders(taken),
  })
