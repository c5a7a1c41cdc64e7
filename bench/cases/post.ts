import { seedFollowers } from '../../test/support/crowd.ts'
import { until } from '../../test/support/until.ts'
import { median, ratioOf } from '../compare.ts'
import type { Result } from '../result.ts'
import { client, opening, startBackends, startPlaza, tablesOf } from '../world.ts'

const MANY = 5000
const FEW = 10
const ROUNDS = 5
const POSTS = 3
const WARM_UP = 30

/** #6: how long an author waits for the 201, and how fast their post reaches their followers. */
export const post = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const plaza = opened(await startPlaza(backends.env))
  const api = client(plaza.url)
  const dynamo = closing.adopt(tablesOf(backends.env), d => d.close())

  const author = async (name: string, followers: number) => {
    const { user_id, token } = await api.user(name)
    const readers = await seedFollowers(dynamo, user_id, followers)
    const last = readers.sort().at(-1) ?? ''
    /** Writes a post; then waits until it stands in the feed of every follower: they are told in the order of their ids. */
    return async () => {
      const begun = performance.now()
      const post_id = await api.post(token)
      const answered = performance.now()
      await until(
        () => dynamo.get('Feeds', { user_id: last, post_id }),
        row => row !== undefined,
        60_000,
      )
      return { ms: answered - begun, rowsPerSecond: followers / ((performance.now() - answered) / 1000) }
    }
  }
  const [few, many] = [await author('few', FEW), await author('many', MANY)]
  for (let n = 0; n < WARM_UP; n++) await few()
  await many()

  const times: { few: number[]; many: number[]; rows: number[] } = { few: [], many: [], rows: [] }
  for (let round = 0; round < ROUNDS; round++) {
    const seen: { few: number[]; many: number[] } = { few: [], many: [] }
    for (let n = 0; n < POSTS; n++) {
      seen.few.push((await few()).ms)
      const { ms, rowsPerSecond } = await many()
      seen.many.push(ms)
      times.rows.push(rowsPerSecond)
    }
    times.few.push(median(seen.few))
    times.many.push(median(seen.many))
  }
  return [
    {
      id: 6,
      what: `time to 201 of an author with ${MANY} followers`,
      against: `of one with ${FEW}`,
      ratio: ratioOf(times.many, times.few),
      target: { at: 'most', ratio: 1.3 },
      notes: [
        `${median(times.many).toFixed(1)} ms and ${median(times.few).toFixed(1)} ms`,
        `fan-out: ${Math.round(median(times.rows))} rows/s`,
      ],
    },
  ]
}
