import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** How often the event loop is asked for a turn, in ms: a block that is longer is seen once, as long as it was. */
const PROBE_MS = 50

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/**
 * Event-loop lag, memory and processor time of this process, under the names that prom-client and its dashboards have
 * for them; the lag is a histogram, which unlike its gauges can be added up over instances and scraped by two.
 * @returns what ends the probe
 */
export const watchProcess = (registry: Registry, version: string): (() => void) => {
  const registers = [registry]
  const lag = new Histogram({
    name: 'nodejs_eventloop_lag_seconds',
    help: `How much later than asked for the event loop ran a timer, every ${PROBE_MS} ms.`,
    buckets: BUCKETS,
    registers,
  })
  let due = performance.now() + PROBE_MS
  const probe = setInterval(() => {
    const now = performance.now()
    lag.observe(Math.max(0, now - due) / 1000)
    due = now + PROBE_MS
  }, PROBE_MS).unref()

  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read())
      },
    })
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed)
  gauge('nodejs_heap_size_total_bytes', 'Heap held.', () => process.memoryUsage().heapTotal)
  gauge(
    'nodejs_external_memory_bytes',
    'Memory of buffers and native parts.',
    () => process.memoryUsage().external,
  )
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  const started = Date.now() / 1000 - process.uptime()
  gauge('process_start_time_seconds', 'When the process began (Unix time).', () => started)
  new Counter({
    ...{ name: 'process_cpu_seconds_total', help: 'Processor time, user and system.', registers },
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    ...{ name: 'plaza_build_info', help: '1, with the version as its label.', registers },
    labelNames: ['version'],
  }).set({ version }, 1)

  return () => clearInterval(probe)
}
