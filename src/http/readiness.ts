import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { endpoint, OtherReply } from './endpoint.ts'

const Status = z.enum(['ok', 'degraded', 'down', 'off'])
type Status = z.infer<typeof Status>

/** How one backend does. Without it the service is `down`, unless it can go on more slowly: `degraded`. */
export interface Check {
  /** Rejects when the backend does not answer. */
  run(): Promise<Exclude<Status, 'down'>>
  /** What a failure means for the service. */
  failure: 'down' | 'degraded'
}

const Result = z.strictObject({ status: Status, latency_ms: z.number().nullable() })
const Checks = z.strictObject({ dynamodb: Result, storage: Result, redis: Result }).meta({
  examples: [
    {
      dynamodb: { status: 'ok', latency_ms: 2.1 },
      storage: { status: 'off', latency_ms: null },
      redis: { status: 'ok', latency_ms: 0.4 },
    },
  ],
})
type Checks = z.infer<typeof Checks>

const Ready = z.strictObject({ status: z.literal('ready'), checks: Checks })
const NotReady = z.strictObject({
  status: z.enum(['draining', 'unavailable']).meta({ examples: ['draining'] }),
  checks: Checks,
})

const CHECK_LIMIT_MS = 1500
/** Load balancers and people may ask as often as they like: the backends are asked no more often than this. */
const REUSE_MS = 500

const runOne = async (check: Check): Promise<z.infer<typeof Result>> => {
  const start = performance.now()
  const limit = sleep(CHECK_LIMIT_MS, undefined, { ref: false }).then(() =>
    Promise.reject(new Error('too slow')),
  )
  try {
    const status = await Promise.race([check.run(), limit])
    const latency_ms = status === 'off' ? null : Math.round((performance.now() - start) * 10) / 10
    return { status, latency_ms }
  } catch {
    // What went wrong is logged where it went wrong; here it is only told.
    return { status: check.failure, latency_ms: null }
  }
}

/** Whether this instance should get requests. */
export interface Readiness {
  report(): Promise<{ status: 'ready' | 'draining' | 'unavailable'; checks: Checks }>
  /** From now on the instance is about to stop, whatever the backends say. */
  drain(): void
}

export const createReadiness = (checks: Record<keyof Checks, Check>): Readiness => {
  let draining = false
  let latest: Promise<Checks> | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const runAll = async (): Promise<Checks> => {
    const [dynamodb, storage, redis] = await Promise.all([
      runOne(checks.dynamodb),
      runOne(checks.storage),
      runOne(checks.redis),
    ])
    return { dynamodb, storage, redis }
  }

  return {
    drain: () => {
      draining = true
    },

    async report() {
      if (!latest || performance.now() - askedAt > REUSE_MS) {
        askedAt = performance.now()
        latest = runAll()
      }
      const results = await latest
      const down = Object.values(results).some(result => result.status === 'down')
      return { status: draining ? 'draining' : down ? 'unavailable' : 'ready', checks: results }
    },
  }
}

/** GET /ready: what load balancers ask. */
export const readyRoute = (readiness: Readiness) =>
  endpoint(
    {
      method: 'get',
      path: '/ready',
      summary: 'Whether this instance should get requests',
      auth: 'none',
      reply: Ready,
      otherReplies: { 503: NotReady },
      status: 200,
      unlimited: true,
      secret: true,
    },
    async () => {
      const { status, checks } = await readiness.report()
      return status === 'ready' ? { status, checks } : new OtherReply(503, { status, checks })
    },
  )
