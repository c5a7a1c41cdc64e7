import { execFile, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a generator of load saw of a server. Times in ms. */
export interface Load {
  requests: number
  perSecond: number
  p50: number
  p99: number
  /** Replies that were no success, and connections that broke. */
  failed: number
}

export interface Target {
  url: string
  headers?: Record<string, string>
}

const UNITS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

const inMs = (text = '0ms') => {
  const [, number = '0', unit = 'ms'] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? []
  return Number(number) * (UNITS[unit] ?? 1)
}

const hasWrk = spawnSync('wrk', ['-v']).error === undefined

/** The generator that is used: wrk where it is installed, since it leaves more of the machine to the server. */
export const generator = hasWrk ? 'wrk' : 'autocannon'

const wrk = async ({ url, headers = {} }: Target, connections: number, seconds: number): Promise<Load> => {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const { stdout } = await run('wrk', [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency'],
    ...lines,
    url,
  ])
  const found = (pattern: RegExp) => pattern.exec(stdout)?.[1]
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout) ?? []
  const broken = sockets.slice(1).reduce((sum, count) => sum + Number(count), 0)
  return {
    requests: Number(found(/(\d+) requests in/)),
    perSecond: Number(found(/Requests\/sec:\s+([\d.]+)/)),
    p50: inMs(found(/50%\s+(\S+)/)),
    p99: inMs(found(/99%\s+(\S+)/)),
    failed: broken + Number(found(/Non-2xx or 3xx responses: (\d+)/) ?? 0),
  }
}

const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon/autocannon.js')

const autocannon = async ({ url, headers = {} }: Target, connections: number, seconds: number) => {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const options = ['-j', '-n', '-c', String(connections), '-d', String(seconds), ...lines, url]
  const { stdout } = await run(process.execPath, [AUTOCANNON, ...options])
  const seen = JSON.parse(stdout)
  return {
    requests: seen.requests.total,
    perSecond: seen.requests.average,
    p50: seen.latency.p50,
    p99: seen.latency.p99,
    failed: seen.non2xx + seen.errors + seen.timeouts,
  } satisfies Load
}

/** GETs over keep-alive connections from a process of its own. */
export const load = hasWrk ? wrk : autocannon

const PROBER = new URL('./servers/prober.ts', import.meta.url).pathname

/** So many GETs a second and no more, from a process of its own. @returns milliseconds */
export const steady = async ({ url, headers = {} }: Target, rate: number, seconds: number) => {
  const asked = JSON.stringify({ url, headers, rate, seconds })
  const { stdout } = await run(process.execPath, [PROBER, asked], { maxBuffer: 64 * 1024 * 1024 })
  const { times, failed } = JSON.parse(stdout) as { times: number[]; failed: number }
  if (failed > 0) throw new Error(`${failed} of ${times.length} requests failed`)
  const sorted = times.sort((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.ceil(sorted.length * q) - 1] ?? Number.NaN
  return { p50: quantile(0.5), p99: quantile(0.99) }
}
