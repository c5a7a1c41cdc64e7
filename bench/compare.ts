import { type Load, load, type Target } from './load.ts'
import type { ServerProcess } from './process.ts'

/** One of the servers, or one of the requests, that are held against each other. */
export interface Side {
  name: string
  server: ServerProcess
  target: Target
}

export interface Round extends Load {
  /** CPU time of the server for each request, in µs. */
  cpuUs: number
}

export interface Options {
  rounds?: number
  seconds?: number
  warmSeconds?: number
  connections?: number
}

/** One measurement of one side. */
const measure = async (side: Side, connections: number, seconds: number): Promise<Round> => {
  const before = side.server.cpuMs()
  const seen = await load(side.target, connections, seconds)
  if (seen.failed > 0) throw new Error(`${side.name}: ${seen.failed} requests failed`)
  return { ...seen, cpuUs: ((side.server.cpuMs() - before) * 1000) / seen.requests }
}

/** Every side warm, then all of them in turn, again and again: what slows the machine down slows all of them down. */
export const compare = async (sides: readonly Side[], options: Options = {}): Promise<Round[][]> => {
  const { rounds = 5, seconds = 2, warmSeconds = 6, connections = 50 } = options
  for (const side of sides) await measure(side, connections, warmSeconds)
  const seen: Round[][] = sides.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [at, side] of sides.entries()) seen[at]?.push(await measure(side, connections, seconds))
  return seen
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}

/** The ratio of two sides, round by round. */
export interface Ratio {
  median: number
  min: number
  max: number
}

export const ratioOf = (numerator: readonly number[], denominator: readonly number[]): Ratio => {
  const ratios = numerator.map((value, at) => value / (denominator[at] ?? Number.NaN))
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
}
