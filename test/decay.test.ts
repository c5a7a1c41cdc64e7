import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type HourOfPoints, hourOf, hoursBack, rank, startOf } from '../src/trending/decay.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-24T15:40:00.000Z')

/** Points by post and by how many hours ago their hour is. */
const hoursOf = (told: [post: string, hoursAgo: number, points: number][]): HourOfPoints[] =>
  [...Map.groupBy(told, ([, ago]) => ago)].map(([ago, all]) => ({
    start: startOf(hourOf(NOW - ago * HOUR)),
    points: all.map(([post_id, , points]) => ({ post_id, points })),
  }))

describe('hours', () => {
  test('have the names that sort as they follow, also over a change of year', () => {
    expect(hoursBack(Date.parse('2027-01-01T01:59:59.999Z'), 3)).toEqual([
      '2027-01-01T01',
      '2027-01-01T00',
      '2026-12-31T23',
    ])
    expect(startOf(hourOf(NOW))).toBe(Date.parse('2026-11-24T15:00:00.000Z'))
  })
})

describe('the ranking of what trends', () => {
  test('takes more points over fewer, newer over older, and the newer post of equals', () => {
    const hours = hoursOf([
      ['few', 1, 5],
      ['many', 1, 50],
      ['old', 5, 40],
      ['twin-a', 2, 30],
      ['twin-b', 2, 30],
    ])
    expect(rank(hours, 24, NOW)).toEqual(['many', 'twin-b', 'twin-a', 'old', 'few'])
  })

  test('halves what is a quarter of the timeframe older', () => {
    const hours = (points: number) =>
      hoursOf([
        ['new', 2, 100],
        ['old', 8, points],
      ])
    expect(rank(hours(199), 24, NOW)).toEqual(['new', 'old'])
    expect(rank(hours(201), 24, NOW)).toEqual(['old', 'new'])
    // Over a week six hours make hardly a difference, over eight hours they are three half-lives.
    expect(rank(hours(120), 168, NOW)).toEqual(['old', 'new'])
    expect(rank(hours(550), 9, NOW)).toEqual(['new', 'old'])
  })

  test('knows nothing of what is older than the timeframe', () => {
    const hours = hoursOf([
      ['new', 0, 1],
      ['old', 3, 1_000_000],
    ])
    expect(rank(hours, 1, NOW)).toEqual(['new'])
    expect(rank(hours, 2, NOW)).toEqual(['new'])
    expect(rank(hours, 3, NOW)).toEqual(['old', 'new'])
  })

  test('leaves out posts of which nothing is left', () => {
    const hours = hoursOf([
      ['taken back', 1, 10],
      ['taken back', 1, -10],
      ['below', 2, -5],
      ['there', 3, 1],
    ])
    expect(rank(hours, 24, NOW)).toEqual(['there'])
  })

  const told = fc.array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 1, max: 1000 }),
    ),
    { maxLength: 40 },
  )

  test('is what comes out when each minute of each hour is counted by itself', () => {
    const byTheMinute = (all: [string, number, number][], timeframe: number) => {
      const scores = new Map<string, number>()
      for (const [post, ago, points] of all) {
        const start = startOf(hourOf(NOW - ago * HOUR))
        const minutes = Math.min(60, (NOW - start) / 60_000)
        for (let minute = 0; minute < minutes; minute++) {
          const age = NOW - (start + (minute + 0.5) * 60_000)
          if (age > timeframe * HOUR) continue
          const worth = (points / minutes) * 2 ** ((-4 * age) / (timeframe * HOUR))
          scores.set(post, (scores.get(post) ?? 0) + worth)
        }
      }
      return scores
    }
    // From six hours on an hour is so short beside the half-life that its middle stands for it.
    const property = fc.property(told, fc.integer({ min: 6, max: 168 }), (all, timeframe) => {
      const scores = byTheMinute(all, timeframe)
      const ranked = rank(hoursOf(all), timeframe, NOW)
      expect([...ranked].sort()).toEqual([...scores.keys()].sort())
      for (const [at, post] of ranked.entries()) {
        const next = ranked[at + 1]
        if (next === undefined) continue
        expect((scores.get(post) ?? 0) * 1.03).toBeGreaterThanOrEqual(scores.get(next) ?? 0)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('does not change by the mere passing of time, as long as nothing leaves the timeframe', () => {
    const complete = told.map(all =>
      all.map(([post, ago, points]): [string, number, number] => [post, ago + 1, points]),
    )
    const property = fc.property(complete, fc.integer({ min: 0, max: 100 }), (all, later) => {
      const hours = hoursOf(all)
      expect(rank(hours, 168, NOW + later * HOUR)).toEqual(rank(hours, 168, NOW))
    })
    fc.assert(property, { numRuns: 300 })
  })
})
