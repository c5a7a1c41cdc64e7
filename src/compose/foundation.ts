import { readFileSync } from 'node:fs'
import { Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { policies } from '../http/limits.ts'
import { LAG_BOUND_MS, watchOverload } from '../http/overload.ts'
import { createRateLimits, noRateLimits } from '../http/rate-limit.ts'
import { createReadiness } from '../http/readiness.ts'
import { requestMetrics } from '../http/request-metrics.ts'
import { type Backends, openBackends } from '../infra/backends.ts'
import { createCache } from '../infra/cache/cache.ts'
import type { Checks } from '../infra/cache/checker.ts'
import { type ClaimOptions, createClaims } from '../infra/dynamo/claims.ts'
import { ensureTables } from '../infra/dynamo/tables.ts'
import type { TallyOptions } from '../infra/dynamo/tally.ts'
import { createLimitCounters, noLimitCounters } from '../infra/limits/limit-counters.ts'
import { createLogger, type Logger } from '../infra/logger.ts'
import { createBackendMeters } from '../infra/metrics/backend-meter.ts'
import { watchProcess } from '../infra/metrics/process-metrics.ts'
import { createOutbox, type OutboxOptions } from '../infra/outbox/outbox.ts'
import { createCursors } from '../lib/cursors.ts'
import { createSeal } from '../lib/seal.ts'
import { TABLES } from '../tables.ts'
import type { TrendBoardOptions } from '../trending/trend-board.ts'

/** What a test hands in before anything depends on it. */
export interface Parts {
  logger?: Logger
  backends?: (opened: Backends) => Backends
  outbox?: Partial<OutboxOptions>
  /** When the cache is held against the database. */
  checks?: Checks
  /** How many of the newest rows of a feed are kept. */
  keptRows?: number
  tally?: Partial<TallyOptions>
  claims?: ClaimOptions
  trends?: Partial<TrendBoardOptions>
  /** Milliseconds by which the event loop may lag behind. */
  lagBoundMs?: number
  /** Make the tables also where the database is not embedded. */
  tables?: boolean
}

/** One write in two hundred is worth two looks, whether the cache agrees with the database. */
const CHECKS: Checks = { share: 1 / 200, afterMs: [1_000, 10_000] }

const readVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

/** What everything else stands on: the log, the backends, the cache, the outbox. */
export const layFoundation = async (config: Config, parts: Parts, closing: AsyncDisposableStack) => {
  const logger = parts.logger ?? createLogger(config.logLevel)
  const version = readVersion()
  const registry = new Registry()
  closing.defer(watchProcess(registry, version))

  const opened = await openBackends(config, logger, createBackendMeters(registry), closing)
  const backends = parts.backends?.(opened) ?? opened
  const { dynamo, keyValue, keyValueAlone: alone, blobs, keys } = backends
  if (config.dynamodbEmbedded || parts.tables) await ensureTables(dynamo, TABLES, logger)

  const checks = parts.checks ?? CHECKS
  const cache = closing.adopt(createCache({ kv: keyValue, alone, logger, checks }), c => c.close())
  const outbox = closing.adopt(createOutbox({ dynamo, logger, ...parts.outbox }), o => o.stop())
  const readiness = createReadiness({
    dynamodb: { failure: 'down', run: () => dynamo.ping().then(() => 'ok') },
    storage: { failure: 'down', run: () => blobs.ping().then(() => 'ok') },
    redis: {
      failure: 'degraded',
      run: () => keyValue.ping().then(() => (keyValue.kind === 'memory' ? 'off' : cache.status())),
    },
  })

  const overload = closing.adopt(watchOverload(parts.lagBoundMs ?? LAG_BOUND_MS), o => o.stop())
  const { rateLimits: limited, userQuotaBytes } = config
  const limitCounters = limited
    ? createLimitCounters({ scripts: backends.scripts, keys, logger })
    : noLimitCounters

  return {
    config,
    version,
    logger,
    /** What `/metrics` tells. */
    registry,
    /** Counts and times every request. */
    measureRequests: requestMetrics(registry),
    backends,
    cache,
    outbox,
    readiness,
    overload,
    limitCounters,
    rateLimits: limited ? createRateLimits(limitCounters, policies(userQuotaBytes)) : noRateLimits,
    claims: createClaims(dynamo, parts.claims),
    cursors: createCursors(createSeal(keys, 'cursor')),
  }
}

export type Foundation = Awaited<ReturnType<typeof layFoundation>>
