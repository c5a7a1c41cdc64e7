import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Registry } from 'prom-client'
import { createS3BlobStore } from '../src/infra/blobs/s3-blob-store.ts'
import { createLogger } from '../src/infra/logger.ts'
import { createBackendMeters } from '../src/infra/metrics/backend-meter.ts'
import { startApp, type TestApp } from './support/app.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { startTestS3 } from './support/swift.ts'
import { until } from './support/until.ts'

const s3 = await startTestS3()
afterAll(() => s3?.stop())

const onS3 = s3 ? describe : describe.skip

onS3('files on S3', () => {
  let app: TestApp
  let ann: SeededUser
  const registry = new Registry()

  beforeAll(async () => {
    if (!s3) return
    const { bucket, region, endpoint, credentials } = s3
    const logger = createLogger('silent')
    const meter = createBackendMeters(registry)('s3')
    const blobs = createS3BlobStore({ bucket, region, endpoint, credentials, logger, meter })
    app = await startApp({}, { backends: opened => ({ ...opened, blobs, disk: null }) })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const objects = async () => {
    const keys: string[] = []
    for await (const { key } of app.context.backends.blobs.list(`user-files/${ann.user_id}/`)) keys.push(key)
    return keys
  }

  const gone = () => until(objects, keys => keys.length === 0, 20_000)

  test('one in one go comes back bit for bit, from us and from the store itself, and goes without a trace', async () => {
    const bytes = randomBytes(300_000)
    const { body } = await as(app, ann).post('/files/upload').attach('file', bytes, 'a.bin').expect(201)
    const path = `/files/${body.file.file_id}`
    expect(body.file.checksum_sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    const part = await as(app, ann).get(`${path}/content`).set('Range', 'bytes=100-199').expect(206)
    expect(bytes.subarray(100, 200).equals(part.body)).toBe(true)

    const signed = await as(app, ann).post(`${path}/url`).expect(200)
    expect(signed.body.url).toContain(s3?.endpoint)
    const direct = await fetch(signed.body.url)
    expect(direct.headers.get('content-disposition')).toContain('attachment')
    expect(bytes.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true)

    await as(app, ann).delete(path).expect(204)
    await gone()
  })

  test('one in parts goes straight to the store and is put together there', async () => {
    const bytes = randomBytes(9 * 1024 * 1024)
    const checksum_sha256 = createHash('sha256').update(bytes).digest('hex')
    const about = { file_name: 'b.bin', file_type: 'application/octet-stream', file_size: bytes.length }
    const begun = await as(app, ann)
      .post('/files/uploads')
      .send({ ...about, checksum_sha256 })
      .expect(201)
    const path = `/files/uploads/${begun.body.upload_id}`
    const { body } = await as(app, ann)
      .post(`${path}/parts`)
      .send({ part_numbers: [1, 2] })
      .expect(200)
    for (const { part_number, url, headers } of body.parts) {
      const start = (part_number - 1) * begun.body.part_size
      const put = await fetch(url, {
        method: 'PUT',
        headers,
        body: bytes.subarray(start, start + begun.body.part_size),
      })
      expect(put.status).toBe(200)
    }
    const state = await as(app, ann).get(path).expect(200)
    expect(state.body.parts).toHaveLength(2)
    const done = await as(app, ann).post(`${path}/complete`).expect(200)
    expect(done.body.file).toMatchObject({ file_size: bytes.length, checksum_sha256 })
    await as(app, ann).delete(`/files/${done.body.file.file_id}`).expect(204)
    await gone()
  })

  test('is measured, operation by operation, and what is not there is no error', async () => {
    expect(await app.context.backends.blobs.head(`user-files/${ann.user_id}/none`)).toBeNull()
    const told = await registry.metrics()
    for (const operation of ['PutObject', 'HeadObject', 'GetObject', 'UploadPart', 'ListObjectsV2'])
      expect(told).toMatch(new RegExp(`_duration_seconds_count{backend="s3",operation="${operation}"} [1-9]`))
    expect(told).not.toMatch(/^plaza_backend_errors_total{/m)
  })
})
