/**
 * The load of the original design: people who read their profile, their feed and the comments of posts, and write now and
 * then, with pauses of 1 to 3 s. Prints how many requests of each kind there were, how many failed, and how long they
 * took. `node bench/mix.ts [people] [seconds]`
 */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBackends, startPlaza } from './world.ts'

const PEOPLE = Number(process.argv[2] ?? 200)
const SECONDS = Number(process.argv[3] ?? 60)
const FOLLOWED = 20
const POSTS_EACH = 3

const agent = new Agent({ keepAlive: true, maxSockets: PEOPLE })

interface Reply {
  status: number
  body: Record<string, unknown>
}

const call = (method: string, url: string, token?: string, body?: object): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const payload = body && JSON.stringify(body)
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(payload && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    }
    const sent = request(url, { method, agent, headers }, res => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', chunk => {
        text += chunk
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body: text ? JSON.parse(text) : {} }))
      res.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(payload)
  })

interface Person {
  user_id: string
  token: string
}

const pick = <T>(from: readonly T[]): T => {
  const one = from[Math.floor(Math.random() * from.length)]
  if (one === undefined) throw new Error('there is nothing to pick from')
  return one
}

/** Everybody with an account, some whom they follow, and a few posts with a comment each. */
const seed = async (url: string) => {
  const must = async (reply: Promise<Reply>) => {
    const { status, body } = await reply
    if (status >= 300) throw new Error(`seeding: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const people: Person[] = []
  const posts: string[] = []
  for (let at = 0; at < PEOPLE; at++) {
    const account = { email: `p${at}@example.com`, password: 'a password of some length' }
    await must(call('POST', `${url}/auth/register`, undefined, { ...account, name: `Person ${at}` }))
    const { token, user } = await must(call('POST', `${url}/auth/login`, undefined, account))
    people.push({ token: String(token), user_id: (user as Person).user_id })
  }
  for (const person of people) {
    for (let at = 0; at < FOLLOWED; at++) {
      const { user_id } = pick(people)
      if (user_id !== person.user_id) await must(call('PUT', `${url}/users/${user_id}/follow`, person.token))
    }
    for (let at = 0; at < POSTS_EACH; at++) {
      const { post } = await must(call('POST', `${url}/posts`, person.token, { content: `Post ${at}` }))
      posts.push((post as { post_id: string }).post_id)
    }
  }
  for (const post of posts)
    await must(call('POST', `${url}/posts/${post}/comments`, pick(people).token, { content: 'Well said' }))
  return { people, posts }
}

await using closing = new AsyncDisposableStack()
const opened = <T extends { stop(): Promise<void> }>(it: T) => closing.adopt(it, one => one.stop())
const backends = opened(await startBackends())
const { url } = opened(await startPlaza(backends.env))
const { people, posts } = await seed(url)
process.stdout.write(`seeded: ${people.length} people, ${posts.length} posts\n`)

const kinds = {
  'GET /users/profile': { weight: 3, send: (me: Person) => call('GET', `${url}/users/profile`, me.token) },
  'GET /feed': { weight: 5, send: (me: Person) => call('GET', `${url}/feed`, me.token) },
  'POST /posts': {
    weight: 2,
    send: (me: Person) => call('POST', `${url}/posts`, me.token, { content: 'Something new' }),
  },
  'GET /posts/:post_id/comments': {
    weight: 4,
    send: (me: Person) => call('GET', `${url}/posts/${pick(posts)}/comments`, me.token),
  },
}
type Kind = keyof typeof kinds
const names = Object.keys(kinds) as Kind[]
const weighted = names.flatMap(name => Array.from({ length: kinds[name].weight }, () => name))
const times = Object.fromEntries(names.map(name => [name, [] as number[]])) as Record<Kind, number[]>
const failed = Object.fromEntries(names.map(name => [name, 0])) as Record<Kind, number>

const until = performance.now() + SECONDS * 1000
await Promise.all(
  people.map(async me => {
    await sleep(Math.random() * 2000)
    while (performance.now() < until) {
      const name = pick(weighted)
      const begun = performance.now()
      const { status } = await kinds[name].send(me).catch(() => ({ status: 0 }))
      times[name].push(performance.now() - begun)
      if (status < 200 || status >= 300) failed[name]++
      await sleep(1000 + Math.random() * 2000)
    }
  }),
)

const quantile = (sorted: number[], q: number) => (sorted[Math.ceil(sorted.length * q) - 1] ?? 0).toFixed(1)
const rows = names.map(name => {
  const sorted = times[name].sort((a, b) => a - b)
  return {
    route: name,
    requests: sorted.length,
    failed: failed[name],
    'p50 ms': quantile(sorted, 0.5),
    'p99 ms': quantile(sorted, 0.99),
  }
})
const lines = rows.map(row =>
  Object.values(row)
    .map(value => String(value).padStart(10))
    .join('  '),
)
process.stdout.write(`${Object.keys(rows[0] ?? {}).join('  ')}\n${lines.join('\n')}\n`)
agent.destroy()
process.exitCode = Object.values(failed).some(count => count > 0) ? 1 : 0
