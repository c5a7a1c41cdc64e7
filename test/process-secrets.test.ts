import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { z } from 'zod'
import { createLogger } from '../src/infra/logger.ts'
import type { TestApp } from './support/app.ts'
import { CANARY, canary, canaryRequests, NAME } from './support/canaries.ts'
import { exchange, type Reply, type Sent } from './support/exchange.ts'
import { describeHeavy } from './support/heavy.ts'
import { fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { type PlazaProcess, startProcess, temporaryFolder } from './support/process.ts'
import { startTestSes } from './support/ses.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'
import { form } from './support/uploads.ts'

const Body = z.record(z.string(), z.unknown())
const Tokens = z.object({ token: z.string(), refresh_token: z.string() })

describeHeavy('a process whose secrets are canaries', () => {
  const folder = temporaryFolder()
  /** Where Node is told to put what it writes about itself. */
  const diagnostics = temporaryFolder()
  let plaza: PlazaProcess
  let adminUrl: string
  let redis: NonNullable<Awaited<ReturnType<typeof launchTestRedis>>>
  let ses: Awaited<ReturnType<typeof startTestSes>>
  /** Whatever is secret and was not made here. */
  const secrets: string[] = []
  const problems: string[] = []
  const statuses = new Set<number>()

  beforeAll(async () => {
    const launched = await launchTestRedis(createLogger('silent'))
    if (!launched) throw new Error('there is a redis-server where this runs')
    redis = launched
    const password = canary()
    const client = createClient({ url: redis.url })
    await client.connect()
    await client.configSet('requirepass', password)
    client.destroy()
    ses = await startTestSes()
    plaza = await startProcess({
      ...{ DATA_DIR: folder.path, BCRYPT_COST: '4', LOG_LEVEL: 'trace' },
      ...{ JWT_SECRET: canary() + canary(), JWT_PREVIOUS_SECRET: canary() + canary() },
      ...{ AWS_ACCESS_KEY_ID: canary(), AWS_SECRET_ACCESS_KEY: canary(), AWS_SESSION_TOKEN: canary() },
      REDIS_URL: redis.url.replace('redis://', `redis://default:${password}@`),
      ...{
        MAIL_FROM: 'plaza@example.com',
        SES_ENDPOINT: ses.endpoint,
        PUBLIC_URL: 'https://plaza.example.com',
      },
      NODE_OPTIONS: [
        `--cpu-prof --cpu-prof-dir=${diagnostics.path}`,
        `--report-on-signal --report-uncaught-exception --report-on-fatalerror --report-directory=${diagnostics.path}`,
      ].join(' '),
    })
    adminUrl = /"admin_url":"([^"]+)"/.exec(plaza.stdout())?.[1] ?? ''
  }, 60_000)
  afterAll(async () => {
    plaza.child.kill('SIGKILL')
    await Promise.all([plaza.ended, redis.stop(), ses.stop()])
    folder.remove()
    diagnostics.remove()
  })

  const send = async (sent: Sent): Promise<Reply> => {
    const reply = await exchange(plaza.url, sent)
    statuses.add(reply.status)
    if (reply.status >= 400) problems.push(reply.text + [...reply.headers].join())
    return reply
  }
  const post = (path: string, body: object, token?: string): Sent => ({
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  const done = async (sent: Sent, status: number) => {
    const reply = await send(sent)
    expect([sent.path, reply.status]).toEqual([sent.path, status])
    return Body.parse(reply.text === '' ? {} : JSON.parse(reply.text))
  }
  const logIn = async (email: string, password: string) => {
    const tokens = Tokens.parse(await done(post('/auth/login', { email, password }), 200))
    secrets.push(tokens.token, tokens.refresh_token, ...tokens.token.split('.'))
    return tokens
  }
  const idOf = (body: Record<string, unknown>, what: string, id: string) =>
    String(Body.parse(what === '' ? body : body[what])[id])

  /** Somebody, and one of everything that is theirs. */
  const settle = async () => {
    const email = `${canary()}@example.com`
    const password = canary()
    await done(post('/auth/register', { email, password, name: canary() }), 201)
    const { token, refresh_token } = await logIn(email, password)
    const newPassword = canary()
    await done(post('/auth/password', { current_password: password, new_password: newPassword }, token), 204)
    const renewed = Tokens.parse(await done(post('/auth/refresh', { refresh_token }), 200))
    secrets.push(renewed.token, renewed.refresh_token)
    const { post_id } = z
      .object({ post_id: z.string() })
      .parse((await done(post('/posts', { content: canary(), tags: [canary()] }, token), 201)).post)
    const said = await done(post(`/posts/${post_id}/comments`, { content: canary() }, token), 201)
    const upload = form([{ head: `name="file"; filename="${canary()}.txt"`, body: canary() }])
    const headers = { ...upload.headers, Authorization: `Bearer ${token}` }
    const kept = await done({ method: 'POST', path: '/files/upload', headers, body: upload.body }, 201)
    const plan = { file_name: canary(), file_type: 'text/plain', file_size: 5 }
    const begun = await done(post('/files/uploads', plan, token), 201)
    const sessions = await send({
      ...{ method: 'GET', path: '/auth/sessions' },
      headers: { Authorization: `Bearer ${token}` },
    })
    const session_id = /"session_id":"([^"]+)"/.exec(sessions.text)?.[1] ?? ''
    return {
      email,
      token,
      ids: {
        ...{ post_id, session_id, user_id: idOf(kept, 'file', 'user_id'), part_number: '1' },
        comment_id: idOf(said, 'comment', 'comment_id'),
        file_id: idOf(kept, 'file', 'file_id'),
        upload_id: idOf(begun, '', 'upload_id'),
      },
    }
  }

  /** URLs that open without a token: used, and used with a signature that is none. */
  const openSigned = async (token: string, fileId: string, uploadId: string) => {
    const { url } = await done(post(`/files/${fileId}/url`, {}, token), 200)
    const parts = await done(post(`/files/uploads/${uploadId}/parts`, { part_numbers: [1] }, token), 200)
    const signed = [String(url), /"url":"([^"]+)"/.exec(JSON.stringify(parts))?.[1] ?? '']
    for (const [at, one] of signed.entries()) {
      const { pathname, search, searchParams } = new URL(one)
      secrets.push(search.slice(1), ...[...searchParams.values()].filter(value => value.length > 20))
      const method = at === 0 ? 'GET' : 'PUT'
      const body = at === 0 ? {} : { body: 'abcde' }
      for (const query of [search.replace(/.{4}$/, 'AAAA'), search])
        await send({ method, path: pathname + query, ...body })
    }
  }

  /** A link that is asked for, mailed and followed. */
  const resetPassword = async (email: string) => {
    await done(post('/auth/password/forgot', { email }), 202)
    const [mail] = await until(ses.received, mails => mails.length > 0)
    const token = /#token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? ''
    expect(token.length).toBeGreaterThan(20)
    secrets.push(token)
    await done(post('/auth/password/reset', { token, password: canary() }), 204)
    await done(post('/auth/password/reset', { token, password: canary() }), 401)
  }

  /** Every operation, with a canary in each of its fields; the last ones are those that end something. */
  const everyRequest = async () => {
    const operations = operationsOf(await fetchDocument({ url: plaza.url } as TestApp))
    const { email, token, ids } = await settle()
    await openSigned(token, ids.file_id, ids.upload_id)
    const ending = ({ method, template }: { method: string; template: string }) =>
      method === 'DELETE' ? 1 : template === '/auth/logout' ? 2 : 0
    const inOrder = operations.toSorted((a, b) => ending(a) - ending(b))
    return { email, requests: inOrder.flatMap(operation => canaryRequests(operation, token, ids)) }
  }

  const printed = () => plaza.stdout() + plaza.stderr()
  /** What stands around the first of them, so that one sees where it comes from. */
  const around = (text: string, word: string) =>
    text.includes(word) ? text.slice(Math.max(0, text.indexOf(word) - 200)).slice(0, 300) : null
  const expectClean = (text: string, words = [CANARY, NAME]) => {
    for (const word of [...words, ...secrets]) expect(around(text, word)).toBeNull()
  }
  const childrenOf = (pid: number | undefined) =>
    execFileSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)

  test('tells nobody of them, whatever is sent, and whatever fails', async () => {
    const { email, requests } = await everyRequest()
    for (const request of requests) await send(request)
    expect(statuses).toEqual(new Set([...statuses, 200, 201, 204, 400, 401, 404, 415, 422]))

    // The same, all at once, with half of it away.
    const second = await everyRequest()
    const dynoxide = execFileSync('ps', ['--ppid', String(plaza.child.pid), '-o', 'pid=,comm='], {
      encoding: 'utf8',
    })
    await redis.stop()
    const pid = Number(/(\d+) dynoxide/.exec(dynoxide)?.[1])
    process.kill(pid, 'SIGSTOP')
    await Promise.all(second.requests.map(send))
    process.kill(pid, 'SIGCONT')
    expect(statuses).toContain(503)
    await until(
      async () => (await fetch(`${plaza.url}/ready`)).status,
      status => status === 200,
    )
    await resetPassword(email)

    expect(problems.length).toBeGreaterThan(300)
    for (const problem of problems) expectClean(problem, [CANARY])
    expectClean(await (await fetch(`${adminUrl}/metrics`)).text())
    expect(printed().match(/"msg":"request"/g)?.length).toBeGreaterThan(requests.length)
    expectClean(printed())
  }, 60_000)

  test('has none of them where everybody on the machine can see them: in its arguments, or its children’s', () => {
    const pids = [String(plaza.child.pid), ...childrenOf(plaza.child.pid)]
    expect(pids.length).toBeGreaterThan(1)
    for (const pid of pids) expectClean(readFileSync(`/proc/${pid.trim()}/cmdline`, 'utf8'))
  })

  test('writes none of them down where Node is told to write about the process', async () => {
    plaza.child.kill('SIGUSR2')
    const files = () => readdirSync(diagnostics.path)
    const ofKind = (kind: string) => files().filter(name => name.startsWith(kind))
    await until(
      () => ofKind('report'),
      ([name]) =>
        name !== undefined && readFileSync(join(diagnostics.path, name), 'utf8').trimEnd().endsWith('}'),
    )
    plaza.child.kill('SIGTERM')
    await plaza.ended
    expect([ofKind('report').length, ofKind('CPU').length]).toEqual([1, 1])
    for (const name of files()) expectClean(readFileSync(join(diagnostics.path, name), 'utf8'))
    expectClean(printed())
  })
})
