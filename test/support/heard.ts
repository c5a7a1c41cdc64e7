import { ProblemDetails } from '../../src/http/problem.ts'
import type { Reply } from './exchange.ts'

/** All that a story's clients were answered. */
export interface Heard {
  /** Takes an answer down. False for a 503, which must be a whole problem with a time to come back. */
  answered(what: string, reply: Reply, ms: number): boolean
  /** Waits for an answer. @throws when it does not come, or breaks off, which is taken down */
  waitFor<T>(what: string, answer: Promise<T>): Promise<T>
  /** An answer that is not true, or none at all. */
  fault(what: string, seen: unknown): void
  faults(): string[]
  /** How many were 503, of those asked for by these names or of all. */
  refused(...whats: string[]): number
  /** Milliseconds which all answers (to these, or all) but one in a hundred took less than, and the longest. */
  latency(...whats: string[]): { p99: number; longest: string; count: number }
}

const MOST_FAULTS = 20

/** Long after everything has a limit. Milliseconds. */
const NO_ANSWER = 15_000

export const createHeard = (): Heard => {
  const answers: { what: string; status: number; ms: number }[] = []
  const faults: string[] = []

  const to = (whats: string[]) => answers.filter(({ what }) => whats.length === 0 || whats.includes(what))

  const fault = (what: string, seen: unknown) => {
    if (faults.length < MOST_FAULTS) faults.push(`${what}: ${JSON.stringify(seen)}`)
  }

  return {
    fault,
    async waitFor(what, answer) {
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(() => late.reject(new Error(`no answer within ${NO_ANSWER} ms`)), NO_ANSWER)
      try {
        return await Promise.race([answer, late.promise])
      } catch (error) {
        fault(what, String(error))
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    answered(what, { status, headers, text }, ms) {
      answers.push({ what, status, ms })
      if (status !== 503) return true
      const problem = ProblemDetails.safeParse(JSON.parse(text))
      const whole = problem.success && problem.data.code === 'unavailable'
      if (!whole || !/^\d+$/.test(headers.get('retry-after') ?? '')) fault(`${what} refused`, text)
      return false
    },
    faults: () => faults,
    refused: (...whats) => to(whats).filter(({ status }) => status === 503).length,
    latency(...whats) {
      const sorted = to(whats).toSorted((a, b) => a.ms - b.ms)
      const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1]?.ms ?? 0
      const { what, status, ms } = sorted.at(-1) ?? { what: 'none', status: 0, ms: 0 }
      return {
        p99: Math.round(p99),
        longest: `${Math.round(ms)} ms (${what}: ${status})`,
        count: sorted.length,
      }
    },
  }
}
