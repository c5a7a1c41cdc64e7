import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { createLogger } from '../src/infra/logger.ts'
import { logVitals, VITALS } from '../src/infra/metrics/vitals.ts'
import { jobKind } from '../src/infra/outbox/job.ts'
import { newId } from '../src/lib/ids.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp, type TestApp } from './support/app.ts'
import { cancelled, failure, startDynamoProxy } from './support/dynamo-proxy.ts'
import { exchange } from './support/exchange.ts'
import { testHeavy } from './support/heavy.ts'
import { scrape } from './support/metrics.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { launchTestRedis } from './support/test-redis.ts'
import { until } from './support/until.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe('what an operator sees of requests', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const requests = async (labels: Record<string, string>) =>
    (await scrape(app.adminUrl)).value('plaza_http_request_duration_seconds_count', labels) ?? 0

  test('is their rate, errors and duration by route pattern, method and class of status', async () => {
    const { post_id } = await seedInto(app).post(ann)
    const route = '/posts/:post_id'
    const before = await requests({ route })
    await anonymous(app).get(`/posts/${post_id}`).expect(200)
    await anonymous(app).head(`/posts/${post_id}`).expect(200)
    await anonymous(app).get(`/posts/${newId()}`).expect(404)
    await until(
      () => requests({ route }),
      count => count === before + 3,
    )
    expect(await requests({ route, method: 'GET', status: '2xx' })).toBe(1)
    expect(await requests({ route, method: 'HEAD', status: '2xx' })).toBe(1)
    expect(await requests({ route, method: 'GET', status: '4xx' })).toBe(1)
    const seen = await scrape(app.adminUrl)
    const buckets = seen.all('plaza_http_request_duration_seconds_bucket', {
      route,
      method: 'GET',
      status: '2xx',
    })
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: 1 })
    expect(seen.value('plaza_http_request_duration_seconds_sum', { route, status: '4xx' })).toBeGreaterThan(0)
  })

  test('does not grow with what clients make up', async () => {
    const { post_id } = await seedInto(app).post(ann)
    const visit = async (path: string, method = 'GET') => {
      await exchange(app.url, { method, path })
    }
    await visit(`/posts/${post_id}`)
    await visit('/no/such/path')
    await visit('/posts', 'PROPFIND')
    await visit('/no/such/path', 'MKCOL')
    const series = async () => (await scrape(app.adminUrl)).samples.length
    const before = await until(series, Boolean)
    for (let time = 0; time < 30; time++) {
      await visit(`/posts/${newId()}`)
      await visit(`/x${newId()}?${newId()}`)
      await visit('/posts', ['SEARCH', 'LOCK', 'REPORT'][time % 3])
    }
    const { samples } = await scrape(app.adminUrl)
    // A status that a route had not answered yet: one histogram and no more.
    expect(samples.length - before).toBeLessThanOrEqual(20)
    expect(new Set(samples.flatMap(({ labels }) => labels.method ?? []))).not.toContain('SEARCH')
    expect(samples.filter(({ labels }) => JSON.stringify(labels).includes(post_id))).toEqual([])
  })

  test('tells an upload on its way, by its bytes, and who did not wait for the reply', async () => {
    const declared = 4_000_000
    const sending = request(`${app.url}/files/upload`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${ann.token}`,
        'Content-Type': 'multipart/form-data; boundary=cut',
        'Content-Length': declared,
      },
    })
    sending.on('error', () => {})
    sending.write('--cut\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n')
    sending.write(Buffer.alloc(1_000_000))
    const bytes = async () => (await scrape(app.adminUrl)).value('plaza_upload_bytes_in_flight') ?? 0
    // Its head, and what came with that in one packet, are not counted.
    await until(bytes, seen => seen > 900_000)
    expect((await scrape(app.adminUrl)).value('plaza_http_requests_in_flight')).toBe(1)
    sending.destroy()
    await until(bytes, seen => seen === 0)
    expect(await requests({ route: '/files/upload', status: 'aborted' })).toBe(1)
    const total = (await scrape(app.adminUrl)).value('plaza_http_request_body_bytes_total', {
      route: '/files/upload',
    })
    expect(total).toBeGreaterThan(900_000)
    expect(total).toBeLessThan(declared)
  })

  test('is the process, too: its event loop, heap, processor and version', async () => {
    const seen = await until(
      () => scrape(app.adminUrl),
      ({ value }) => Number(value('nodejs_eventloop_lag_seconds_count')) > 0,
    )
    expect(seen.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6)
    expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(seen.value('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(seen.value('plaza_build_info', { version: app.context.version })).toBe(1)
    const blocks = async () =>
      (await scrape(app.adminUrl)).value('nodejs_eventloop_lag_seconds_bucket', { le: '0.1' })
    const count = async () => (await scrape(app.adminUrl)).value('nodejs_eventloop_lag_seconds_count')
    const longBefore = Number(await count()) - Number(await blocks())
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    await until(
      async () => Number(await count()) - Number(await blocks()),
      long => long > longBefore,
    )
  })

  test('is the passwords in work and those that wait', async () => {
    const hashing = async () => (await scrape(app.adminUrl)).value('plaza_password_hashes')
    const logins = Promise.all(
      Array.from({ length: 60 }, () =>
        anonymous(app).post('/auth/login').send({ email: ann.email, password: 'not this one' }),
      ),
    )
    await until(hashing, seen => Number(seen) > 0)
    await logins
    await until(hashing, seen => seen === 0)
  })

  test('stands on the port for operators alone, which tells nothing else', async () => {
    expect(await exchange(app.url, { method: 'GET', path: '/metrics' })).toMatchObject({ status: 404 })
    const admin = (method: string, path: string) => exchange(app.adminUrl, { method, path })
    expect(await admin('GET', '/metrics')).toMatchObject({ status: 200 })
    expect((await admin('GET', '/metrics')).headers.get('content-type')).toMatch(
      /^text\/plain; version=0\.0\.4/,
    )
    expect(await admin('HEAD', '/metrics?x=1')).toMatchObject({ status: 200, text: '' })
    expect(await admin('POST', '/metrics')).toMatchObject({ status: 405 })
    expect(await admin('GET', '/posts')).toMatchObject({ status: 404 })
    expect(await admin('GET', '/')).toMatchObject({ status: 404 })
  })

  test('is nothing where the port is off', async () => {
    const closed = await startApp({ ...app.env, ADMIN_PORT: 'off' })
    undo.push(closed.close)
    expect(closed.adminUrl).toBe('')
    await anonymous(closed).get('/health').expect(200)
  })
})

describe('what an operator sees of the database', () => {
  const faulty = { answer: (_operation: string) => undefined as ReturnType<typeof failure> | undefined }

  const started = async () => {
    const proxy = await startDynamoProxy(({ operation }) => faulty.answer(operation))
    undo.push(proxy.close)
    const app = await startApp({ DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.push(app.close)
    const errors = async (operation: string) =>
      (await scrape(app.adminUrl))
        .all('plaza_backend_errors_total', { backend: 'dynamodb', operation })
        .map(({ labels, value }) => [labels.reason, value])
    return { app, errors }
  }
  afterEach(() => {
    faulty.answer = () => undefined
  })

  testHeavy(
    'is how long each operation takes, and why it fails; a condition that does not hold is no failure',
    async () => {
      const { app, errors } = await started()
      const ann = await seedInto(app).user('ann')
      await anonymous(app)
        .post('/auth/register')
        .send({ email: ann.email, password: ann.password, name: 'x' })
        .expect(409)
      const seen = await scrape(app.adminUrl)
      const labels = { backend: 'dynamodb', operation: 'TransactWriteItems' }
      expect(seen.value('plaza_backend_request_duration_seconds_count', labels)).toBeGreaterThanOrEqual(3)
      expect(seen.value('plaza_backend_request_duration_seconds_sum', labels)).toBeGreaterThan(0)
      expect(await errors('TransactWriteItems')).toEqual([])

      const failing = (given: ReturnType<typeof failure>) => {
        faulty.answer = operation => (operation === 'TransactWriteItems' ? given : undefined)
      }
      const post = () => as(app, ann).post('/posts').send({ content: 'x' })
      failing(failure('ProvisionedThroughputExceededException'))
      await post().expect(503)
      expect(await errors('TransactWriteItems')).toEqual([['throttled', 1]])
      expect((await scrape(app.adminUrl)).value('plaza_backend_retries_total', labels) ?? 0).toBe(0)
      failing({ ...failure('InternalServerError'), status: 500 })
      await post().expect(503)
      failing(failure('AccessDeniedException'))
      await post().expect(500)
      failing(cancelled('None', 'ThrottlingError', 'ConditionalCheckFailed'))
      await post()
      expect(new Map((await errors('TransactWriteItems')) as [string, number][])).toEqual(
        new Map([
          ['throttled', 1],
          ['unavailable', 1],
          ['refused', 1],
        ]),
      )
    },
  )

  test('tells what the client mended by asking again', async () => {
    const { app } = await started()
    let refusals = 1
    faulty.answer = operation =>
      operation === 'GetItem' && refusals-- > 0
        ? { ...failure('InternalServerError'), status: 500 }
        : undefined
    await anonymous(app).get('/ready').expect(200)
    expect(
      (await scrape(app.adminUrl)).value('plaza_backend_retries_total', {
        backend: 'dynamodb',
        operation: 'GetItem',
      }),
    ).toBe(1)
  })

  test('does not need the database: what can be told is told while that hangs', async () => {
    const { app } = await started()
    faulty.answer = () => ({ ...failure('InternalServerError'), status: 500 })
    const seen = await scrape(app.adminUrl)
    expect(seen.value('plaza_outbox_jobs')).toBeUndefined()
    expect(seen.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(0)
  })
})

describeWithRedis('what an operator sees of the cache', () => {
  test('is hits and misses, and a breaker that opens when Redis is gone', async () => {
    const redis = await launchTestRedis(createLogger('silent'))
    if (!redis) throw new Error('there is a redis-server where this runs')
    undo.push(redis.stop)
    const app = await startApp({ REDIS_URL: redis.url })
    undo.push(app.close)
    // That nobody is there is remembered too.
    const ask = () => anonymous(app).get(`/users/${nobody}`).expect(404)
    const nobody = newId()
    const value = async (name: string, labels = {}) => (await scrape(app.adminUrl)).value(name, labels)

    const of = (name: string) => value(`plaza_cache_${name}_total`, { cache: 'user' })
    await until(
      async () => {
        await ask()
        return of('hits')
      },
      hits => Number(hits) > 0,
    )
    expect(await of('misses')).toBeGreaterThan(0)
    expect(await of('loads')).toBeGreaterThan(0)
    expect(await of('stale_fills')).toEqual(expect.any(Number))
    expect(await of('inconsistencies')).toBe(0)
    expect(await value('plaza_cache_breaker_open')).toBe(0)
    expect(
      await value('plaza_backend_request_duration_seconds_count', { backend: 'redis', operation: 'get' }),
    ).toBeGreaterThan(0)

    await redis.stop()
    await until(
      async () => {
        await ask()
        return value('plaza_cache_breaker_open')
      },
      open => open === 1,
    )
    expect(
      await value('plaza_backend_errors_total', { backend: 'redis', reason: 'unavailable' }),
    ).toBeGreaterThan(0)
  })
})

describe('what an operator sees of the outbox', () => {
  const errand = jobKind('errand', z.strictObject({}))

  test('is how many jobs wait and for how long the oldest has been due, wherever they were recorded', async () => {
    // Nobody looks for work here while the test lasts.
    const app = await startApp({}, { outbox: { pollMs: 3_600_000 } })
    undo.push(app.close)
    const { dynamo } = app.context.backends
    const { outbox } = app.context
    expect(await outbox.backlog()).toEqual({ waiting: 0, oldestMs: 0 })

    await dynamo.transact([outbox.later(errand, {}, 3_600_000).write, outbox.later(errand, {}, 60_000).write])
    expect(await outbox.backlog()).toEqual({ waiting: 0, oldestMs: 0 })
    await dynamo.transact([outbox.later(errand, {}, -90_000).write, outbox.later(errand, {}, -30_000).write])
    const { waiting, oldestMs } = await outbox.backlog()
    expect([waiting, Math.floor(oldestMs / 60_000)]).toEqual([2, 1])

    const seen = await scrape(app.adminUrl)
    expect(seen.value('plaza_outbox_jobs', { state: 'waiting' })).toBe(2)
    expect(seen.value('plaza_outbox_jobs', { state: 'dead' })).toBe(0)
    expect(seen.value('plaza_outbox_oldest_job_age_seconds')).toBeGreaterThanOrEqual(90)
  })

  test('is logged with the rest of what somebody should be woken for', async () => {
    const lines: Record<string, unknown>[] = []
    const logger = createLogger('info', { write: line => void lines.push(JSON.parse(line)) })
    let inconsistencies = 3
    const counts = { hits: 0, misses: 0, loads: 0, fills: 0, refusedFills: 0, failures: 0, checks: 9 }
    const app = await startApp()
    undo.push(app.close)
    const cache = {
      ...app.context.cache,
      stats: () => ({ user: { ...counts, inconsistencies }, post: { ...counts, inconsistencies: 0 } }),
    }
    const backlog = { look: async () => ({ waiting: 2, oldestMs: 90_400, dead: 1 }) }
    undo.push(logVitals({ cache, backlog, logger, everyMs: 5 }))
    await until(
      () => lines.length,
      count => count > 1,
    )
    expect(lines[0]).toMatchObject({
      msg: VITALS,
      outbox_waiting: 2,
      outbox_oldest_s: 90,
      outbox_dead: 1,
      cache_inconsistencies: 3,
      cache_breaker_open: 0,
    })
    expect(lines[1]).toMatchObject({ cache_inconsistencies: 0 })
    inconsistencies++
    await until(
      () => lines.at(-1),
      line => lines.some(({ cache_inconsistencies: seen }) => seen === 1) && line !== undefined,
    )
  })
})
