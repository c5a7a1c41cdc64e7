import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { ratioOf } from '../compare.ts'
import { steady } from '../load.ts'
import type { Result } from '../result.ts'
import { client, opening, startBackends, startPlaza } from '../world.ts'

const CLIENTS = 8
const ROUNDS = 5
const SECONDS = 4
/** Requests a second: enough for a p99, and nothing that would itself fill a core. */
const RATE = 200

const RAW = new URL('../servers/bcrypt.ts', import.meta.url).pathname

/** What bcrypt alone does in a second, on all cores, in a process of its own. */
const rawBcrypt = async () => {
  const child = spawn(process.execPath, [RAW, String(SECONDS)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(availableParallelism()) },
  })
  const said = await child.stdout.reduce((text: string, chunk) => text + String(chunk), '')
  return Number(said)
}

/** #7: what those who read notice while others log in, and how many of these there are. */
export const login = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const plaza = opened(await startPlaza(backends.env, { BCRYPT_COST: '10' }))
  const api = client(plaza.url)
  const ann = await api.user('ann')
  const target = {
    url: `${plaza.url}/posts/${await api.post(ann.token)}`,
    headers: { authorization: `Bearer ${ann.token}` },
  }
  const people = await Promise.all(Array.from({ length: CLIENTS }, (_, at) => api.user(`p${at}`)))

  const logIn = async (seconds: number) => {
    const end = performance.now() + seconds * 1000
    const begun = performance.now()
    let done = 0
    await Promise.all(
      people.map(async ({ account }) => {
        for (; performance.now() < end; done++) await api.call('POST', '/auth/login', undefined, account)
      }),
    )
    return done / ((performance.now() - begun) / 1000)
  }

  await Promise.all([steady(target, RATE, 6), logIn(6)])
  const seen: { idle: number[]; busy: number[]; logins: number[]; raw: number[] } = {
    ...{ idle: [], busy: [], logins: [], raw: [] },
  }
  for (let round = 0; round < ROUNDS; round++) {
    seen.raw.push(await rawBcrypt())
    seen.idle.push((await steady(target, RATE, SECONDS)).p99)
    const [read, logins] = await Promise.all([steady(target, RATE, SECONDS), logIn(SECONDS)])
    seen.busy.push(read.p99)
    seen.logins.push(logins)
  }
  const ms = (values: number[]) => values.map(value => value.toFixed(1)).join(', ')
  return [
    {
      id: 7,
      what: `p99 of a GET while ${CLIENTS} clients log in (${RATE} GETs a second)`,
      against: 'while nobody does',
      ratio: ratioOf(seen.busy, seen.idle),
      target: { at: 'most', ratio: 3 },
      notes: [`p99 with log-ins, each round: ${ms(seen.busy)} ms; without: ${ms(seen.idle)} ms`],
    },
    {
      id: 7,
      what: 'log-ins a second, bcrypt cost 10, beside those GETs',
      against: 'bcrypt alone, on all cores',
      ratio: ratioOf(seen.logins, seen.raw),
      target: { at: 'least', ratio: 0.75 },
      notes: [`each round: ${ms(seen.logins)}; bcrypt alone: ${ms(seen.raw)}`],
    },
  ]
}
