import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { createS3BlobStore } from '../src/infra/blobs/s3-blob-store.ts'
import { createBreaker, type Verdict } from '../src/infra/breaker.ts'
import { createLogger } from '../src/infra/logger.ts'
import { withDeadline } from '../src/lib/deadline.ts'
import { newId } from '../src/lib/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { failure, startDynamoProxy } from './support/dynamo-proxy.ts'
import { exchange } from './support/exchange.ts'
import { describeHeavy } from './support/heavy.ts'
import { scrape } from './support/metrics.ts'
import { seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const messages = () => {
  const said: string[] = []
  return { said, logger: createLogger('info', { write: line => void said.push(JSON.parse(line).msg) }) }
}

describe('a breaker', () => {
  const breakable = (options: { spreadMs?: number; verdict?: () => Verdict } = {}) => {
    const state = { now: 0, calls: 0, away: true }
    const { said, logger } = messages()
    const breaker = createBreaker({ name: 'thing', logger, now: () => state.now, ...options })
    const call = () =>
      breaker
        .run(async () => {
          state.calls++
          if (state.away) throw new Error('away')
        })
        .catch((error: Error) => error.name)
    return { state, said, breaker, call }
  }

  test('does not open for failures that come all at once', async () => {
    const { state, breaker, call } = breakable({ spreadMs: 200 })
    await Promise.all(Array.from({ length: 50 }, call))
    expect(breaker.status()).toBe('closed')
    state.now = 199
    await call()
    expect(breaker.status()).toBe('closed')
    state.now = 200
    await call()
    expect(breaker.status()).toBe('open')
    expect(await call()).toBe('BreakerOpen')
  })

  test('learns nothing from what was called off, and sends the next probe at once', async () => {
    let said: Verdict = 'failed'
    const { state, breaker, call } = breakable({ verdict: () => said })
    for (let times = 0; times < 3; times++) await call()
    expect(breaker.status()).toBe('open')
    state.now = 500
    said = 'neither'
    await call()
    expect([breaker.status(), state.calls]).toEqual(['open', 4])
    said = 'worked'
    await call()
    expect([breaker.status(), state.calls]).toEqual(['closed', 5])
  })
})

describe('a breaker whose probe hangs', () => {
  test('sends another one after a while, and does not listen to the first any more', async () => {
    let now = 0
    const breaker = createBreaker({ name: 'thing', logger: messages().logger, failures: 1, now: () => now })
    const failed = (error: Error) => error.name
    const away = () => breaker.run(() => Promise.reject(new Error('away'))).catch(failed)
    await away()
    now = 500
    const hanging = Promise.withResolvers<void>()
    const first = breaker.run(() => hanging.promise).catch(failed)
    now = 2_499
    expect(await away()).toBe('BreakerOpen')
    now = 2_500
    await breaker.run(async () => {})
    expect(breaker.status()).toBe('closed')
    hanging.reject(new Error('too late'))
    expect(await first).toBe('Error')
    expect(breaker.status()).toBe('closed')
  })
})

describeHeavy('a database that hangs', () => {
  const get = (app: TestApp, path: string) => exchange(app.url, { method: 'GET', path })

  test('is asked by a probe now and then, everybody else is refused at once, and it is back soon', async () => {
    let hung = false
    const proxy = await startDynamoProxy(() => (hung ? 'hung' : undefined))
    undo.push(proxy.close)
    const app = await startApp({ DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.push(app.close)
    const ann = await seedInto(app).user('ann')
    const opened = () => app.log().some(({ msg }) => String(msg).startsWith('database: breaker open'))

    const open = async () => (await scrape(app.adminUrl)).value('plaza_breaker_open', { backend: 'dynamodb' })
    expect(await open()).toBe(0)
    hung = true
    const waited = Array.from({ length: 20 }, () => get(app, `/users/${newId()}`))
    await until(opened, open => open)
    for (const { status, text } of await Promise.all(waited)) {
      expect([status, JSON.parse(text).code]).toEqual([503, 'unavailable'])
    }
    const asked = proxy.calls.length
    for (let times = 0; times < 200; times++) {
      const { status, headers } = await get(app, `/users/${newId()}`)
      expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    }
    // Without a breaker each would have been asked for three times.
    expect(proxy.calls.length - asked).toBeLessThan(30)
    expect(JSON.parse((await get(app, '/ready')).text)).toMatchObject({
      status: 'unavailable',
      checks: { dynamodb: { status: 'down' } },
    })
    expect(await open()).toBe(1)
    expect((await get(app, '/health')).status).toBe(200)

    hung = false
    await until(
      () => get(app, `/users/${ann.user_id}`),
      ({ status }) => status === 200,
      5_000,
    )
    await until(
      () => get(app, '/ready'),
      ({ status }) => status === 200,
      5_000,
    )
    expect(app.log().map(({ msg }) => msg)).toContain('database: breaker closed, in use again')
    expect(await open()).toBe(0)
  })

  test('is not taken for one that has too much to do with one table', async () => {
    let throttled = ''
    const proxy = await startDynamoProxy(({ input }) =>
      throttled !== '' && JSON.stringify(input).includes(throttled)
        ? failure('ProvisionedThroughputExceededException')
        : undefined,
    )
    undo.push(proxy.close)
    const app = await startApp({ DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.push(app.close)
    const post = await seedInto(app).post(await seedInto(app).user('ann'))
    throttled = `${app.env.TABLE_PREFIX}FileOwners`
    const files = await Promise.all(Array.from({ length: 10 }, () => get(app, `/files/${newId()}`)))
    expect(files.map(({ status }) => status)).toEqual(Array(10).fill(503))
    expect((await get(app, `/posts/${post.post_id}`)).status).toBe(200)
    expect(app.log().filter(({ msg }) => String(msg).includes('breaker'))).toEqual([])
  })
})

describe('a file store', () => {
  const Port = z.object({ port: z.number() })
  const NOTHING = { 'content-length': '0', 'last-modified': new Date(0).toUTCString(), etag: '"a"' }

  /** Where S3 would be: it only ever says how it is. */
  const startS3 = async (answer: (res: ServerResponse) => void) => {
    let asked = 0
    const server = createServer((req, res) => {
      asked++
      req.resume()
      answer(res)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    undo.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const { said, logger } = messages()
    const store = createS3BlobStore({
      bucket: 'bucket',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${Port.parse(server.address()).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      logger,
    })
    undo.push(() => store.close())
    return { store, said, asked: () => asked }
  }
  const outcome = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: Error) => error.message,
    )
  const slowDown = (res: ServerResponse) =>
    res
      .writeHead(503, { 'content-type': 'application/xml' })
      .end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>')

  test('that asks to slow down is asked again, and is not away', async () => {
    let refusals = 2
    const { store, asked } = await startS3(res => {
      if (refusals-- > 0) slowDown(res)
      else res.writeHead(204).end()
    })
    await store.remove('user-files/a/b/c')
    expect(asked()).toBe(3)
  })

  test('is not asked again once whoever waits for it has been answered', async () => {
    const { store, asked } = await startS3(slowDown)
    const failed = await withDeadline(0, () => outcome(store.remove('user-files/a/b/c')))
    expect(failed).toBe('Service unavailable')
    expect(asked()).toBe(1)
  })

  test('that is broken is left alone, but for a probe, until it works', async () => {
    let broken = true
    const { store, said, asked } = await startS3(res => {
      if (broken) res.writeHead(500).end()
      else res.writeHead(200, NOTHING).end()
    })
    const head = () => outcome(store.head('user-files/a/b/c'))
    await until(head, () => said.length > 0)
    expect(said).toEqual(['file store: breaker open, refusing at once'])
    const before = asked()
    for (let times = 0; times < 200; times++) expect(await head()).toBe('Service unavailable')
    expect(asked() - before).toBeLessThan(30)
    broken = false
    await until(head, result => result === 'done', 5_000)
    expect(said.at(-1)).toBe('file store: breaker closed, in use again')
  })
})
