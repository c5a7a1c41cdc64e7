import { expect } from '@jest/globals'
import type { TestApp } from './app.ts'
import { exchange } from './exchange.ts'
import { createHeard, type Heard } from './heard.ts'
import { scrape } from './metrics.ts'
import { type SeededUser, seedInto } from './seed.ts'
import { until } from './until.ts'
import { watchedAuthor } from './watched-author.ts'
import type { WatchedClient } from './watched-client.ts'

/** What is promised of every outage of a backend. Milliseconds. */
const P99_BOUND = 3_000
const RECOVERED_WITHIN = 5_000

/** So many answers in a row that are none of 503, at each client, are a service that works. */
const STEADY = 12

const NAMES = ['ann', 'bob', 'cleo', 'dan']

interface Story {
  app: TestApp
  begin(): unknown
  /** Waits for what is to be seen while it lasts. */
  during(seen: Seen): Promise<void>
  end(): unknown
  /** Instead of four authors. */
  clients?: (users: SeededUser[], heard: Heard) => WatchedClient[]
  /** What may be refused; everything when left out. */
  refused?: readonly string[]
}

export interface Seen {
  /** `/ready`: its own status, and that of each backend. */
  ready(): Promise<Record<string, unknown>>
  /** The sum of a metric's series; 0 where there is none. */
  metric(name: string, labels?: Record<string, string>): Promise<number>
  /** Waits until the clients have been answered so many more times. */
  answers(count: number): Promise<void>
  heard: Heard
}

const looking = (app: TestApp, heard: Heard): Seen => ({
  heard,
  async ready() {
    const { status, text } = await exchange(app.url, { method: 'GET', path: '/ready' })
    const { checks, ...rest } = JSON.parse(text)
    const each = Object.entries(checks).map(([name, check]) => [name, Reflect.get(Object(check), 'status')])
    return { http: status, ...rest, ...Object.fromEntries(each) }
  },
  metric: async (name, labels) => (await scrape(app.adminUrl)).value(name, labels) ?? 0,
  async answers(count) {
    const target = heard.latency().count + count
    await until(
      () => heard.latency().count,
      seen => seen >= target,
      20_000,
    )
  },
})

/**
 * A backend is away for a while under clients that notice every false answer. What must hold whatever it is: every
 * answer is right or 503, soon; afterwards all is as it was, without anybody doing anything; nothing that was
 * acknowledged is lost.
 */
export const tellOutage = async (story: Story): Promise<Heard> => {
  const { app, clients = (users, heard) => users.map(user => watchedAuthor(app, user, heard)) } = story
  const heard = createHeard()
  const seen = looking(app, heard)
  const working = clients(await seedInto(app).users(...NAMES), heard)
  /** When the last of them began to be answered without a refusal. */
  const steady = async () => {
    const { streaks } = await until(
      () => ({ streaks: working.map(client => client.streak()), faults: heard.faults() }),
      ({ streaks, faults }) => faults.length > 0 || streaks.every(({ length }) => length >= STEADY),
      20_000,
    )
    return Math.max(...streaks.map(({ since }) => since))
  }

  try {
    await steady()
    expect([heard.faults(), heard.refused()]).toEqual([[], 0])
    await story.begin()
    await story.during(seen)
    await story.end()
    const ended = performance.now()
    await until(seen.ready, ({ http, redis }) => http === 200 && redis === 'ok', RECOVERED_WITHIN)
    const recovered = (await steady()) - ended
    expect({ soon: recovered < RECOVERED_WITHIN, recovered }).toEqual({ soon: true, recovered })
    for (const backend of ['dynamodb', 's3'])
      expect(await seen.metric('plaza_breaker_open', { backend })).toBe(0)
    expect(await seen.metric('plaza_cache_breaker_open')).toBe(0)
  } finally {
    await Promise.all(working.map(client => client.stop()))
  }
  await Promise.all(working.map(client => client.settle()))
  expect(heard.faults()).toEqual([])
  const { refused = [] } = story
  if (story.refused) expect(heard.refused()).toBe(refused.length > 0 ? heard.refused(...refused) : 0)
  // Not hidden behind the many that had nothing to wait for.
  const { p99, longest, count } = heard.latency(...refused)
  const told = expect.getState().currentTestName
  process.stdout.write(
    `${told}: ${count} answers, ${heard.refused()} of them 503, p99 ${p99} ms, longest ${longest}\n`,
  )
  expect({ p99: p99 < P99_BOUND, measured: p99 }).toEqual({ p99: true, measured: p99 })
  return heard
}
