import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startApp } from './support/app.ts'
import { describeHeavy } from './support/heavy.ts'
import { type Seen, tellOutage } from './support/outage-story.ts'
import { startTestS3, type TestS3 } from './support/swift.ts'
import { type Line, startTcpProxy } from './support/tcp-proxy.ts'
import { until } from './support/until.ts'
import { watchedAuthor } from './support/watched-author.ts'
import { watchedUploader } from './support/watched-uploader.ts'

describeHeavy('a line to S3', () => {
  let s3: TestS3 | null = null
  const undo: (() => unknown)[] = []

  beforeAll(async () => {
    s3 = await startTestS3()
  })
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })
  afterAll(() => s3?.stop())

  const tell = async (line: Line, during: (seen: Seen) => Promise<void>) => {
    if (!s3) return null
    const { hostname, port } = new URL(s3.endpoint)
    const proxy = await startTcpProxy({ hostname, port: Number(port) })
    undo.push(proxy.close)
    process.env.AWS_ACCESS_KEY_ID = s3.credentials.accessKeyId
    process.env.AWS_SECRET_ACCESS_KEY = s3.credentials.secretAccessKey
    const app = await startApp({
      S3_BUCKET: s3.bucket,
      S3_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
      AWS_REGION: s3.region,
    })
    undo.push(app.close)
    return tellOutage({
      app,
      begin: () => proxy.turn(line),
      during,
      end: () => proxy.turn({ kind: 'pass' }),
      clients: ([author, ...uploaders], heard) => [
        ...(author ? [watchedAuthor(app, author, heard)] : []),
        ...uploaders.map(user => watchedUploader(app, user, heard)),
      ],
      // Nobody else needs it.
      refused: ['upload', 'download'],
    })
  }

  const lines: Line[] = [
    { kind: 'half-open' },
    { kind: 'cut' },
    { kind: 'refuse' },
    { kind: 'drip', bytesPerSecond: 40 },
  ]
  test.each(lines.map(line => [line.kind, line] as const))(
    '%s: uploads and downloads are refused in time, and nothing else is',
    async (_kind, line) => {
      await tell(line, async ({ ready, metric, answers }) => {
        expect(await until(ready, ({ storage }) => storage === 'down')).toMatchObject({
          http: 503,
          status: 'unavailable',
          dynamodb: 'ok',
        })
        await until(
          () => metric('plaza_breaker_open', { backend: 's3' }),
          open => open === 1,
        )
        await answers(40)
        expect(await metric('plaza_backend_errors_total', { backend: 's3' })).toBeGreaterThan(0)
      })
    },
    60_000,
  )

  test('that is slow makes files slow, and nothing is refused', async () => {
    const heard = await tell({ kind: 'delay', ms: 100 }, async ({ ready, answers }) => {
      await answers(50)
      expect(await ready()).toMatchObject({ http: 200, storage: 'ok' })
    })
    if (heard) expect(heard.refused()).toBe(0)
  })
})
