import { type ClientRequest, request } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import { z } from 'zod'
import { endpoint } from '../src/http/endpoint.ts'
import { mount } from '../src/http/mount.ts'
import { problemHandler } from '../src/http/problem.ts'
import { noRateLimits } from '../src/http/rate-limit.ts'
import { requestLog } from '../src/http/request-log.ts'
import { createLogger } from '../src/infra/logger.ts'
import { timeLeft, withoutDeadline } from '../src/lib/deadline.ts'
import { startServer } from '../src/server.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { form } from './support/uploads.ts'

const BUSY = { status: 503, code: 'unavailable' }
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const start = async (...given: Parameters<typeof startApp>) => {
  const app = await startApp(...given)
  undo.push(app.close)
  return app
}

const get = (app: { url: string }, path: string) => exchange(app.url, { method: 'GET', path })

const retryAfter = (headers: Headers) => Number(headers.get('retry-after'))

describe('a handler that takes too long', () => {
  const routes = () => {
    const waiting: PromiseWithResolvers<{ done: string }>[] = []
    const lefts: number[] = []
    const about = { method: 'get', summary: '', auth: 'none', status: 200 } as const
    const reply = z.strictObject({ done: z.string() })
    const wait = () => {
      lefts.push(timeLeft(), withoutDeadline(timeLeft))
      waiting.push(Promise.withResolvers())
      return waiting.at(-1)?.promise ?? Promise.reject(new Error('it was just put there'))
    }
    const text = { 'text/plain': z.string() }
    return {
      waiting,
      lefts,
      endpoints: [
        endpoint({ ...about, path: '/waits', reply }, wait),
        endpoint({ ...about, path: '/slow', reply, slow: true }, wait),
        endpoint({ ...about, method: 'post', path: '/reads', reply, reads: text }, wait),
        endpoint({ ...about, path: '/quick', reply }, () => ({ done: 'quickly' })),
      ],
    }
  }

  test('is answered by 503, and what it comes to later is nobody’s answer', async () => {
    const { waiting, lefts, endpoints } = routes()
    const lines: string[] = []
    const logger = createLogger('info', { write: line => void lines.push(line) })
    const router = mount(endpoints, {
      authentication: () => (_req, _res, next) => next(),
      rateLimits: noRateLimits,
      uploadSlots: (_req, _res, next) => next(),
      answerWithinMs: 200,
      checkReplies: true,
    })
    const app = express().use(requestLog(logger), router, problemHandler(logger))
    const server = await startServer(app, '127.0.0.1', 0, logger)
    undo.push(server.close)

    for (const end of [
      () => waiting.at(-1)?.resolve({ done: 'too late' }),
      () => waiting.at(-1)?.reject(new Error('too late')),
    ]) {
      const late = await get(server, '/waits')
      expectProblem(late, BUSY)
      expect(retryAfter(late.headers)).toBeGreaterThan(0)
      end()
      // On the same connection: a second answer would be taken for this one's.
      expect(JSON.parse((await get(server, '/quick')).text)).toEqual({ done: 'quickly' })
    }
    expect(lefts[0]).toBeGreaterThan(0)
    expect(lefts[0]).toBeLessThanOrEqual(200)
    expect(lefts[1]).toBe(Number.POSITIVE_INFINITY)

    const patient = [get(server, '/slow'), exchange(server.url, { method: 'POST', path: '/reads' })]
    await until(
      () => waiting.length,
      count => count === 4,
    )
    // They outlast one that begins after them and is not waited for.
    expectProblem(await get(server, '/waits'), BUSY)
    for (const { resolve } of waiting) resolve({ done: 'at last' })
    for (const reply of await Promise.all(patient)) {
      expect([reply.status, reply.text]).toEqual([200, '{"done":"at last"}'])
    }
    expect(lines.filter(line => JSON.parse(line).level === 'error')).toEqual([])
  })
})

describe('an event loop that lags behind', () => {
  const block = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  }

  test('has requests refused until it has caught up, but for those of health checks', async () => {
    const app = await start({}, { lagBoundMs: 100 })
    const refused = await until(
      () => {
        block(300)
        return get(app, '/')
      },
      ({ status }) => status === 503,
    )
    expectProblem(refused, BUSY)
    expect(retryAfter(refused.headers)).toBeGreaterThan(0)
    const asked = await Promise.all(['/health', '/ready', '/posts/nothing'].map(path => get(app, path)))
    expect(asked.map(({ status }) => status)).toEqual([200, 200, 503])
    await until(
      () => get(app, '/'),
      ({ status }) => status === 200,
    )
  })

  test('is no reason to refuse anybody after one pause', async () => {
    const app = await start({}, { lagBoundMs: 500 })
    const seen = new Set<number>()
    block(1500)
    const end = performance.now() + 1200
    await until(
      async () => {
        seen.add((await get(app, '/')).status)
        return performance.now()
      },
      now => now > end,
    )
    expect([...seen]).toEqual([200])
  })
})

describe('more uploads than are received at once', () => {
  const whole = form([{ head: 'name="file"; filename="a.txt"', body: 'x'.repeat(1000) }])

  interface Upload {
    sending: ClientRequest
    reply: Promise<{ status: number; headers: Record<string, unknown>; body: string }>
    finish(): void
  }

  /** Begins to send an upload and leaves it at that. */
  const begin = (app: TestApp, user: SeededUser): Upload => {
    const { hostname, port } = new URL(app.url)
    const sending = request({ hostname, port, method: 'POST', path: '/files/upload', agent: false })
    sending.setHeader('Authorization', `Bearer ${user.token}`)
    sending.setHeader('Content-Type', whole.headers['Content-Type'])
    sending.setHeader('Content-Length', whole.body.length)
    sending.on('error', () => {})
    const reply = new Promise<Awaited<Upload['reply']>>(resolve => {
      sending.on('response', async incoming => {
        let body = ''
        for await (const chunk of incoming) body += chunk
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
      })
    })
    sending.write(whole.body.subarray(0, 50))
    return { sending, reply, finish: () => sending.end(whole.body.subarray(50)) }
  }

  /** Finishes at once. */
  const upload = async (app: TestApp, user: SeededUser) => {
    const { finish, reply } = begin(app, user)
    finish()
    return reply
  }

  test('are refused before they are read, and one user may have half of them', async () => {
    const app = await start({ UPLOADS_AT_ONCE: '4' })
    const [ann, bob, cat, eve] = await seedInto(app).users('ann', 'bob', 'cat', 'eve')
    const held = [ann, ann, bob, cat].map(user => begin(app, user))
    const full = await until(
      () => upload(app, eve),
      ({ status }) => status === 503,
    )
    expect(JSON.parse(full.body)).toMatchObject({ status: 503, code: 'unavailable' })
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0)
    const again = begin(app, ann)
    // Nothing more of it is sent: it is refused all the same.
    const refused = await again.reply
    expect(JSON.parse(refused.body)).toMatchObject({ status: 429, code: 'rate_limited' })
    expect(refused.headers['retry-after']).toBe('1')
    again.sending.destroy()
    expect((await get(app, '/')).status).toBe(200)

    held[0]?.finish()
    expect((await held[0]?.reply)?.status).toBe(201)
    expect((await upload(app, eve)).status).toBe(201)
    held[1]?.sending.destroy()
    const back = await until(
      () => upload(app, ann),
      ({ status }) => status !== 429,
    )
    expect(back.status).toBe(201)
    for (const { finish } of held.slice(2)) finish()
    expect(await Promise.all(held.slice(2).map(async ({ reply }) => (await reply).status))).toEqual([
      201, 201,
    ])
  })
})
