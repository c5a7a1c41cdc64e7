import type { Request } from 'express'

/** How often something may be done. What is limited by account stands in `auth/account-limits.ts`. */
export interface Policy {
  /** `viewer`: whoever is logged in; where nobody is, the address. */
  by: 'address' | 'viewer'
  points: number
  seconds: number
  local?: boolean
  returnable?: boolean
  /** What one request takes; 1 when left out. */
  cost?: (req: Request) => number
}

const MINUTE = 60
const HOUR = 3600
const DAY = 86_400
const GIB = 1024 ** 3

/** Of a part that does not say how long it is: most parts are as long as this. */
const UNTOLD_BYTES = 8 * 1024 * 1024

/** More than there is ever room for is refused as that and not as too often. */
const bodyBytes = (quota: number) => (req: Request) =>
  Math.max(1, Math.min(Number(req.headers['content-length'] ?? UNTOLD_BYTES), quota))

/** @param quota bytes that one user may store */
export const policies = (quota: number) =>
  ({
    // A round trip to Redis for each read would cost more than many of them, so each instance counts for itself.
    requests: { by: 'address', points: 6000, seconds: MINUTE, local: true },
    writes: { by: 'viewer', points: 600, seconds: MINUTE },
    uploads: { by: 'viewer', points: 1000, seconds: HOUR },
    upload_parts: { by: 'viewer', points: 1200, seconds: MINUTE },
    // Whoever deletes what they have uploaded may do so once over.
    upload_bytes: {
      by: 'viewer',
      points: Math.max(2 * quota, GIB),
      seconds: DAY,
      cost: bodyBytes(quota),
      returnable: true,
    },
    register: { by: 'address', points: 200, seconds: HOUR },
    refresh: { by: 'address', points: 600, seconds: MINUTE },
    password: { by: 'address', points: 100, seconds: HOUR },
    password_change: { by: 'viewer', points: 10, seconds: HOUR },
  }) satisfies Record<string, Policy>

export type LimitName = keyof ReturnType<typeof policies>

/** What of an operation's description is about limits. */
export interface Limited {
  method: string
  /** In the place of the limit of all writes. */
  limits?: readonly LimitName[]
  /** Asked by machines that must always have an answer. */
  unlimited?: boolean
}

/** The limits of an operation: of every request, and its own, or those of a write where it names none. */
export const limitsOf = ({ method, limits, unlimited }: Limited): readonly LimitName[] => {
  if (unlimited) return []
  return ['requests', ...(limits ?? (method === 'get' ? [] : ['writes' as const]))]
}
