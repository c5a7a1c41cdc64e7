import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Breaker } from '../breaker.ts'

export type BackendName = 'dynamodb' | 's3' | 'redis'

/** What was wrong with a request, in as many words as a dashboard has colours. */
type Fault = 'throttled' | 'timeout' | 'conflict' | 'refused' | 'unavailable'

/** Measures what one backend is asked. */
export interface BackendMeter {
  /** The work, timed; when it fails, counted by what `faultOf` makes of the error (null: an answer like any other). */
  timed<T>(operation: string, faultOf: (error: unknown) => Fault | null, work: () => Promise<T>): Promise<T>
  /** Attempts after the first one, which the client made by itself. */
  retried(operation: string, times: number): void
  /** Tells from now on whether the backend is given up. */
  watch(breaker: Pick<Breaker, 'status'>): void
}

/** Seconds: Redis answers in fractions of a millisecond, S3 may need whole seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** The meters of all backends, in one family of metrics with a label that tells which. */
export const createBackendMeters = (registry: Registry) => {
  const registers = [registry]
  const labelNames = ['backend', 'operation'] as const
  const duration = new Histogram({
    name: 'plaza_backend_request_duration_seconds',
    help: "Time until a backend's reply began or the request failed, with the client's own retries.",
    labelNames,
    buckets: BUCKETS,
    registers,
  })
  const errors = new Counter({
    name: 'plaza_backend_errors_total',
    help: 'Requests to a backend that failed for another reason than a condition or a thing that is not there.',
    labelNames: [...labelNames, 'reason'] as const,
    registers,
  })
  const retries = new Counter({
    name: 'plaza_backend_retries_total',
    help: 'Attempts after the first one.',
    labelNames,
    registers,
  })

  const breakers = new Map<BackendName, Pick<Breaker, 'status'>>()
  new Gauge({
    name: 'plaza_breaker_open',
    help: '1 while a backend is given up: requests that need it are refused at once, but for a probe now and then.',
    labelNames: ['backend'],
    registers,
    collect() {
      for (const [backend, breaker] of breakers) this.set({ backend }, breaker.status() === 'open' ? 1 : 0)
    },
  })

  return (backend: BackendName): BackendMeter => ({
    async timed(operation, faultOf, work) {
      const end = duration.startTimer({ backend, operation })
      try {
        return await work()
      } catch (error) {
        const reason = faultOf(error)
        if (reason !== null) errors.inc({ backend, operation, reason })
        throw error
      } finally {
        end()
      }
    },
    retried: (operation, times) => retries.inc({ backend, operation }, times),
    watch: breaker => void breakers.set(backend, breaker),
  })
}

export type BackendMeters = ReturnType<typeof createBackendMeters>
