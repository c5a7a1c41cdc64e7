import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A hundred clients that read, write and upload through a load balancer: load.ts URL [KILLED_FILE]
 *
 * Each keeps one connection alive and waits for each answer. What they write carries an Idempotency-Key, and is sent
 * again with it when it failed, until it is answered. They stop with SIGTERM; then everything that was acknowledged is
 * read back and counted. Ends with 1 when something acknowledged is lost or done twice, or a request failed: without
 * KILLED_FILE any, with it those that began after the time (ms since the epoch) that the file holds by then.
 */
const [base = '', killedFile = ''] = process.argv.slice(2)
const { Agent, request } = base.startsWith('https:') ? https : http
type Agent = http.Agent
const CLIENTS = 100
const USERS = 10
/** Between two requests of a client. */
const PAUSE_MS = 400
/** For how long what failed is sent again, and how soon. */
const RETRY_MS = 60_000
const RETRY_PAUSE_MS = 500

const failures: Failure[] = []
let requests = 0
let retries = 0

interface Answer {
  status: number
  body: Buffer
}
interface Failure {
  began: number
  what: string
}
interface User {
  user_id: string
  bearer: string
  /** Acknowledged. */
  posts: Map<string, string>
  files: Map<string, string>
}

const call = async (
  agent: Agent,
  method: string,
  path: string,
  { bearer, type, body, key }: { bearer?: string; type?: string; body?: string | Buffer; key?: string } = {},
): Promise<Answer> => {
  const req = request(`${base}${path}`, { method, agent, timeout: 30_000 })
  req.on('timeout', () => req.destroy(new Error('no answer within 30 s')))
  if (bearer) req.setHeader('Authorization', bearer)
  if (type) req.setHeader('Content-Type', type)
  if (key) req.setHeader('Idempotency-Key', key)
  req.end(body)
  const [res] = await once(req, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk)
  return { status: res.statusCode, body: Buffer.concat(chunks) }
}

const expectStatus = (answer: Answer, status: number) => {
  if (answer.status !== status) throw new Error(`${answer.status} ${answer.body.toString().slice(0, 300)}`)
  return answer
}
const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) })
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const signUp = async (agent: Agent): Promise<User> => {
  const email = `${randomBytes(8).toString('hex')}@example.com`
  const password = randomBytes(12).toString('hex')
  expectStatus(await call(agent, 'POST', '/auth/register', json({ email, password, name: 'Ann' })), 201)
  const { body } = expectStatus(await call(agent, 'POST', '/auth/login', json({ email, password })), 200)
  const { token, user } = JSON.parse(body.toString())
  return { user_id: user.user_id, bearer: `Bearer ${token}`, posts: new Map(), files: new Map() }
}

/** Answered by 201, however often it has to be sent for that. */
const create = async (
  agent: Agent,
  path: string,
  sent: { bearer: string; type: string; body: string | Buffer },
) => {
  const key = randomUUID()
  const until = Date.now() + RETRY_MS
  for (let attempt = 1; ; attempt++) {
    const began = Date.now()
    try {
      return expectStatus(await call(agent, 'POST', path, { ...sent, key }), 201)
    } catch (error) {
      // One that is sent again may come while the first is still taken to be under way.
      if (attempt === 1) failures.push({ began, what: String(error) })
      if (Date.now() > until) throw error
      retries += 1
      await sleep(RETRY_PAUSE_MS)
    }
  }
}

const write = async (agent: Agent, user: User) => {
  const content = randomBytes(100).toString('hex')
  const { body } = await create(agent, '/posts', { bearer: user.bearer, ...json({ content }) })
  user.posts.set(JSON.parse(body.toString()).post.post_id, content)
}

const upload = async (agent: Agent, user: User) => {
  const bytes = randomBytes(64 * 1024)
  const boundary = randomBytes(12).toString('hex')
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  const type = `multipart/form-data; boundary=${boundary}`
  const answer = await create(agent, '/files/upload', { bearer: user.bearer, type, body })
  user.files.set(JSON.parse(answer.body.toString()).file.file_id, digest(bytes))
}

const readPost = async (agent: Agent, user: User, [id, content]: [string, string]) => {
  const { body } = expectStatus(await call(agent, 'GET', `/posts/${id}`, { bearer: user.bearer }), 200)
  if (JSON.parse(body.toString()).post.content !== content) throw new Error(`post ${id} is another`)
}
const readFile = async (agent: Agent, user: User, [id, sum]: [string, string]) => {
  const { bearer } = user
  const { body } = expectStatus(await call(agent, 'GET', `/files/${id}/content`, { bearer }), 200)
  if (digest(body) !== sum) throw new Error(`file ${id} is another`)
}

const pick = <T>(map: Map<string, T>) => [...map].at(Math.floor(Math.random() * map.size))

/** Seven reads of ten, two posts, one upload. */
const act = (agent: Agent, user: User) => {
  const die = Math.random()
  const post = pick(user.posts)
  const file = pick(user.files)
  if (die < 0.1) return upload(agent, user)
  if (die < 0.3 || !post) return write(agent, user)
  return die < 0.4 && file ? readFile(agent, user, file) : readPost(agent, user, post)
}

let stopping = false
process.on('SIGTERM', () => {
  stopping = true
})

const client = async (user: User) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await sleep(Math.random() * PAUSE_MS)
  while (!stopping) {
    const began = Date.now()
    requests += 1
    await act(agent, user).catch(error => failures.push({ began, what: String(error) }))
    await sleep(PAUSE_MS / 2 + Math.random() * PAUSE_MS)
  }
  agent.destroy()
}

/** How many files a user has. */
const countFiles = async (agent: Agent, bearer: string) => {
  let count = 0
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await call(agent, 'GET', `/files?limit=100${cursor && `&cursor=${cursor}`}`, { bearer })
    const page: { files: unknown[]; next_cursor: string | null } = JSON.parse(body.toString())
    count += page.files.length
    cursor = page.next_cursor
  }
  return count
}

/** What is not there although it was acknowledged, or there twice. */
const lost = async (user: User): Promise<string[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const checks = [
    ...[...user.posts].map(post => () => readPost(agent, user, post)),
    ...[...user.files].map(file => () => readFile(agent, user, file)),
  ]
  const faults: string[] = []
  for (const check of checks) await check().catch(error => faults.push(String(error)))
  const { body } = await call(agent, 'GET', `/users/${user.user_id}`)
  const there = {
    posts: JSON.parse(body.toString()).user.posts_count,
    files: await countFiles(agent, user.bearer),
  }
  for (const what of ['posts', 'files'] as const) {
    if (there[what] !== user[what].size)
      faults.push(`${there[what]} ${what} are there, ${user[what].size} were acknowledged`)
  }
  agent.destroy()
  return faults
}

const agent = new Agent({ keepAlive: true, maxSockets: 2 })
const users = await Promise.all(Array.from({ length: USERS }, () => signUp(agent)))
agent.destroy()
process.stdout.write('the load is on\n')
await Promise.all(Array.from({ length: CLIENTS }, (_, at) => client(users[at % USERS] as User)))

const faults = (await Promise.all(users.map(lost))).flat()
const killedAt = existsSync(killedFile) ? Number(readFileSync(killedFile, 'utf8')) : 0
const unexcused = failures.filter(({ began }) => began > killedAt)
const count = (what: 'posts' | 'files') => users.reduce((sum, user) => sum + user[what].size, 0)
process.stdout.write(
  `${requests} requests, ${failures.length} failed, ${retries} sent again; ${count('posts')} posts and ${count('files')} files acknowledged, ${faults.length} lost or doubled\n`,
)
for (const { what } of unexcused.slice(0, 10)) process.stdout.write(`failed: ${what}\n`)
for (const fault of faults.slice(0, 10)) process.stdout.write(`lost: ${fault}\n`)
// Everybody waits for an answer, so that no more can be under way than there are clients.
process.exitCode = unexcused.length + faults.length > 0 || failures.length > CLIENTS ? 1 : 0
