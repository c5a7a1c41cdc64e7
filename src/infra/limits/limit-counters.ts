import { createHmac } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { KeyRing } from '../../lib/keys.ts'
import type { Taken } from '../../lib/rate-limit.ts'
import { createBreaker } from '../breaker.ts'
import type { RedisScripts } from '../cache/redis-key-value.ts'
import type { Logger } from '../logger.ts'

/** How much may be taken in a window, which begins with the first that is taken. */
interface CounterSpec {
  /** Taken once. */
  name: string
  points: number
  seconds: number
  /** Counted by this process for itself, at no cost; all others are shared by the instances, for a round trip to Redis. */
  local?: boolean
  /** What was taken may be given back. Without it this process knows who has nothing left, and need not ask. */
  returnable?: boolean
}

export interface LimitCounter {
  /** Takes all of it or, where less is left, nothing. */
  take(key: string, points?: number): Promise<Taken>
  giveBack(key: string, points?: number): Promise<void>
  /** All of it is there again. */
  clear(key: string): Promise<void>
}

export interface LimitCounters {
  of(spec: CounterSpec): LimitCounter
}

interface CountersOptions {
  /** null: there is no Redis, and this process counts alone. */
  scripts: RedisScripts | null
  keys: KeyRing
  logger: Logger
}

/** Nothing is counted and all is allowed. */
export const noLimitCounters: LimitCounters = {
  of: ({ points, seconds }) => ({
    take: async () => ({ allowed: true, limit: points, remaining: points, resetMs: seconds * 1000 }),
    giveBack: async () => {},
    clear: async () => {},
  }),
}

/** Everything that is no answer is thrown by the limiter as it is. */
const answer = async (asked: Promise<RateLimiterRes>): Promise<{ allowed: boolean; res: RateLimiterRes }> => {
  try {
    return { allowed: true, res: await asked }
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) return { allowed: false, res: thrown }
    throw thrown
  }
}

/**
 * Counters over rate-limiter-flexible: in Redis by one script over one key, so that a cluster serves it too. While
 * Redis is away, behind a breaker, this process counts alone and from nothing.
 */
export const createLimitCounters = ({ scripts, keys, logger }: CountersOptions): LimitCounters => {
  const breaker = createBreaker({ name: 'rate limits in Redis', logger })
  const storeClient = scripts && {
    eval: (...given: Parameters<RedisScripts['eval']>) => breaker.run(() => scripts.eval(...given)),
    del: (key: string) => breaker.run(() => scripts.del(key)),
  }
  const [{ key: secret }] = keys.keysFor('rate-limit')
  // Keys are e-mail and network addresses, which Redis need not know.
  const hidden = (key: string) => createHmac('sha256', secret).update(key).digest('base64url').slice(0, 22)

  const limiterOf = ({ name, points, seconds, local, returnable }: CounterSpec) => {
    const common = { keyPrefix: `limit:${name}`, points, duration: seconds }
    const alone = new RateLimiterMemory(common)
    if (local || !storeClient) return alone
    return new RateLimiterRedis({
      ...common,
      storeClient,
      useRedisPackage: true,
      insuranceLimiter: alone,
      // What is blocked here stays so when something is given back.
      ...(!returnable && { inMemoryBlockOnConsumed: points + 1 }),
    })
  }

  return {
    of(spec) {
      const limiter = limiterOf(spec)
      const named = spec.local ? (key: string) => key : hidden
      return {
        async take(key, points = 1) {
          const { allowed, res } = await answer(limiter.consume(named(key), points))
          // The limiter counts what it refuses; given back it would otherwise never come to be less.
          if (!allowed && spec.returnable) await limiter.reward(named(key), points)
          const remaining = allowed ? res.remainingPoints : 0
          return { allowed, limit: spec.points, remaining, resetMs: res.msBeforeNext }
        },
        async giveBack(key, points = 1) {
          await limiter.reward(named(key), points)
        },
        async clear(key) {
          await limiter.delete(named(key))
        },
      }
    },
  }
}
