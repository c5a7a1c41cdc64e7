import { execFile, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { createDynamo } from '../src/infra/dynamo/dynamo.ts'
import { createLogger } from '../src/infra/logger.ts'
import { startProcess } from './process.ts'

const run = promisify(execFile)

/** The file of one of the servers. */
export const serverScript = (name: string) => new URL(`./servers/${name}.ts`, import.meta.url).pathname

const PLAZA = serverScript('plaza')
const TABLES = new URL('../src/create-tables.ts', import.meta.url).pathname
const DYNOXIDE = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide')
export const JWT_SECRET = 'only-for-the-bench-0123456789-0123456789'

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

const startChild = async (command: string, args: readonly string[], ready: RegExp) => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    for (const output of [child.stdout, child.stderr])
      output.on('data', chunk => ready.test(String(chunk)) && resolve())
  })
  return {
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A redis-server and a DynamoDB that keep nothing, with the tables, for all servers of a comparison. */
export const startBackends = async () => {
  const [redisPort, dynamoPort] = await Promise.all([freePort(), freePort()])
  const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const redis = await startChild('redis-server', [...quiet, '--port', String(redisPort)], /ready to accept/i)
  const dynamo = await startChild(
    DYNOXIDE,
    ['serve', '--host', '127.0.0.1', '--port', String(dynamoPort)],
    /listening/i,
  )
  const env = {
    REDIS_URL: `redis://127.0.0.1:${redisPort}`,
    DYNAMODB_ENDPOINT: `http://127.0.0.1:${dynamoPort}`,
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  }
  await run(process.execPath, [TABLES], { env: { ...process.env, ...env } })
  return {
    env,
    async stop() {
      await Promise.all([redis.stop(), dynamo.stop()])
    },
  }
}

/** The environment of a Plaza in production, on these backends. Files go nowhere unless it is told otherwise. */
export const production = (backends: Record<string, string>): Record<string, string> => ({
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PORT: '0',
  ADMIN_PORT: '0',
  DRAIN_SECONDS: '0',
  S3_BUCKET: 'bench',
  S3_ENDPOINT: 'http://127.0.0.1:9',
  JWT_SECRET,
  ...backends,
})

/** Plaza as it runs in production. */
export const startPlaza = (backends: Record<string, string>, env: Record<string, string> = {}) =>
  startProcess(PLAZA, { ...production(backends), ...env })

/** Puts what is opened on a stack that stops it in the end. */
export const opening =
  (closing: AsyncDisposableStack) =>
  <T extends { stop(): Promise<void> }>(it: T): T =>
    closing.adopt(it, one => one.stop())

/** A door to the tables of these backends, for what would take minutes over HTTP. */
export const tablesOf = (backends: { DYNAMODB_ENDPOINT: string }) =>
  createDynamo({
    region: 'us-east-1',
    tablePrefix: 'plaza-',
    endpoint: backends.DYNAMODB_ENDPOINT,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    logger: createLogger('silent'),
  })

interface Reply {
  status: number
  headers: Headers
  text: string
  body: Record<string, unknown>
}

/** A client of one server that throws where a call does not succeed. */
export const client = (url: string) => {
  const call = async (method: string, path: string, token?: string, body?: object): Promise<Reply> => {
    const reply = await fetch(url + path, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`)
    return { status: reply.status, headers: reply.headers, text, body: text ? JSON.parse(text) : {} }
  }
  return {
    call,
    async user(name: string) {
      const account = { email: `${name}@example.com`, password: 'a password of some length' }
      await call('POST', '/auth/register', undefined, { ...account, name })
      const { body } = await call('POST', '/auth/login', undefined, account)
      return { token: String(body.token), user_id: (body.user as { user_id: string }).user_id, account }
    },
    async post(token: string, fields: object = {}) {
      const { body } = await call('POST', '/posts', token, {
        content: 'Something of some length.',
        ...fields,
      })
      return (body.post as { post_id: string }).post_id
    },
  }
}
