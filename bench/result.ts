import { median, type Ratio, type Round } from './compare.ts'

/** One line of the table. */
export interface Result {
  id: number
  what: string
  against: string
  ratio: Ratio
  target: { at: 'least' | 'most'; ratio: number }
  /** Further figures, for a person. */
  notes: string[]
}

/** Rounds of one comparison that differ by more than so much, relative to their median, allow no verdict. */
const NOISY = 0.5

export type Verdict = 'met' | 'missed' | 'too noisy'

export const verdict = ({ ratio, target }: Result): Verdict => {
  const meets = (value: number) => (target.at === 'least' ? value >= target.ratio : value <= target.ratio)
  const met = meets(ratio.median)
  // However far apart they are: where all of them say the same, that is the verdict.
  if (meets(ratio.min) === met && meets(ratio.max) === met) return met ? 'met' : 'missed'
  if ((ratio.max - ratio.min) / ratio.median > NOISY) return 'too noisy'
  return met ? 'met' : 'missed'
}

export const SIGN = { least: '≥', most: '≤' }

export const line = (result: Result): string => {
  const { id, what, against, ratio, target, notes } = result
  const range = `${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)}`
  return [
    `#${id} ${what}`,
    `   against ${against}: ${ratio.median.toFixed(2)} (${range}), target ${SIGN[target.at]} ${target.ratio}: ${verdict(result)}`,
    ...notes.map(note => `   ${note}`),
  ].join('\n')
}

/** The figures of one side, for the notes. */
export const figures = (name: string, rounds: readonly Round[]): string => {
  const of = (key: 'perSecond' | 'p50' | 'p99' | 'cpuUs') => median(rounds.map(round => round[key]))
  return `${name}: ${Math.round(of('perSecond'))} req/s, ${of('cpuUs').toFixed(0)} µs CPU, p50 ${of('p50').toFixed(2)} ms, p99 ${of('p99').toFixed(2)} ms`
}
