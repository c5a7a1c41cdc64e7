import { load } from '../load.ts'
import type { Result } from '../result.ts'
import { client, opening, startBackends, startPlaza } from '../world.ts'

const FIRST = 10_000
const MANY = 1_000_000
const SECONDS = 5

/** #10: whether it grows. */
export const memory = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const plaza = opened(await startPlaza(backends.env))
  const api = client(plaza.url)
  const ann = await api.user('ann')
  const headers = { authorization: `Bearer ${ann.token}` }
  const target = { url: `${plaza.url}/posts/${await api.post(ann.token)}`, headers }

  const total = { requests: 0 }
  const send = async (atLeast: number, seconds: number) => {
    while (total.requests < atLeast) {
      const { requests, failed } = await load(target, 50, seconds)
      if (failed > 0) throw new Error(`${failed} requests failed`)
      total.requests += requests
    }
    return plaza.rss()
  }
  const early = await send(FIRST, 1)
  const after = total.requests
  const late = await send(MANY, SECONDS)
  const ratio = late / early
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
  return [
    {
      id: 10,
      what: 'resident memory after a million requests',
      against: 'after the first ten thousand',
      ratio: { median: ratio, min: ratio, max: ratio },
      target: { at: 'most', ratio: 1.15 },
      notes: [`${mib(late)} after ${total.requests}, ${mib(early)} after ${after}`],
    },
  ]
}
