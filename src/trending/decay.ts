const HOUR_MS = 3_600_000

/** The longest timeframe, in hours. */
export const LONGEST_TIMEFRAME = 168

/** How many half-lives there are in a timeframe: what is as old as all of it counts a sixteenth. */
const HALF_LIVES = 4
/** Posts that are ranked; further ones are shown to nobody. */
const MOST_RANKED = 200

/** What happened to posts within one hour, by the clock in UTC. */
export interface HourOfPoints {
  /** When it began, in Unix milliseconds. */
  start: number
  points: readonly { post_id: string; points: number }[]
}

/** The names of hours, `2026-11-24T15`, from the one of `now` back. */
export const hoursBack = (now: number, count: number): string[] =>
  Array.from({ length: count }, (_, back) => hourOf(now - back * HOUR_MS))

/** The name of the hour in which something happened. */
export const hourOf = (at: number): string => new Date(at).toISOString().slice(0, 13)

/** When the hour of that name began, in Unix milliseconds. */
export const startOf = (hour: string): number => Date.parse(`${hour}:00:00.000Z`)

/**
 * What a point of an hour is worth at a moment: 2^(-age / half-life), with a half-life of a quarter of the timeframe
 * and the age of the middle of that part of the hour which is within the timeframe; and of the points the share that
 * falls into that part, as if they had come evenly. 0 outside of the timeframe.
 */
const worth = (start: number, timeframeHours: number, now: number): number => {
  const timeframe = timeframeHours * HOUR_MS
  const end = Math.min(start + HOUR_MS, now)
  const from = Math.max(start, now - timeframe)
  if (from >= end) return 0
  const share = (end - from) / (end - start)
  const age = now - (from + end) / 2
  return share * 2 ** (-age / (timeframe / HALF_LIVES))
}

/**
 * The posts with the most points of the timeframe, each worth the less the older it is, best first; of equals the
 * newest. Where nothing is left of a post's points it is not among them.
 */
export const rank = (hours: Iterable<HourOfPoints>, timeframeHours: number, now: number): string[] => {
  const scores = new Map<string, number>()
  for (const { start, points: all } of hours) {
    const each = worth(start, timeframeHours, now)
    if (each === 0) continue
    for (const { post_id, points } of all) scores.set(post_id, (scores.get(post_id) ?? 0) + points * each)
  }
  return [...scores]
    .filter(([, score]) => score > 0)
    .sort(([a, one], [b, other]) => other - one || (a < b ? 1 : -1))
    .slice(0, MOST_RANKED)
    .map(([postId]) => postId)
}
