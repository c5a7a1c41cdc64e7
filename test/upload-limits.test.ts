import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { BlobStore } from '../src/infra/blobs/blob-store.ts'
import { startApp, type TestApp } from './support/app.ts'
import { as, seedInto } from './support/seed.ts'
import { kept, keptAtLast, NOTHING, upload, uploaded } from './support/uploads.ts'

describe('an upload past a limit', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp({ MAX_FILE_SIZE: '20000', USER_QUOTA_BYTES: '60000', UPLOADS_AT_ONCE: '40' })
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  test('of size is refused, whether it says so or not, and as JSON', async () => {
    const ann = await seed.user('ann')
    await uploaded(app, ann, randomBytes(20_000))
    const before = await kept(app, ann)
    // The form may be somewhat larger than its file: only the second is told by its length.
    for (const size of [20_001, 50_000, 2_000_000]) {
      const { body } = await upload(app, ann, randomBytes(size)).expect(413)
      expect(body.code).toBe('file_too_large')
    }
    const { body } = await as(app, ann)
      .post('/files/upload')
      .send({ fileName: 'a', fileContent: randomBytes(20_001).toString('base64') })
      .expect(413)
    expect(body.code).toBe('file_too_large')
    expect(await keptAtLast(app, ann)).toEqual(before)
  })

  test('of the quota is refused, also when twenty race', async () => {
    const bob = await seed.user('bob')
    const replies = await Promise.all(Array.from({ length: 20 }, () => upload(app, bob, randomBytes(9000))))
    const stored = replies.filter(({ status }) => status === 201).length
    expect(stored).toBeGreaterThanOrEqual(1)
    expect(stored).toBeLessThanOrEqual(6)
    for (const { status, body } of replies) {
      if (status !== 201) expect([status, body.code]).toEqual([507, 'quota_exceeded'])
    }
    const after = await keptAtLast(app, bob)
    expect(after.stored_bytes).toBe(stored * 9000)
    expect([after.records.length, after.owners.length, after.objects.length]).toEqual([
      stored,
      stored,
      stored,
    ])

    for (let left = 6 - stored; left > 0; left--) await uploaded(app, bob, randomBytes(9000))
    await upload(app, bob, randomBytes(9000)).expect(507)
    const [last] = (await kept(app, bob)).records
    await as(app, bob).delete(`/files/${last}`).expect(204)
    await keptAtLast(app, bob)
    await uploaded(app, bob, randomBytes(9000))
  })

  test('of the quota is none when it fills it to the last byte', async () => {
    const cleo = await seed.user('cleo')
    for (const size of [20_000, 20_000, 19_999]) await uploaded(app, cleo, randomBytes(size))
    expect((await upload(app, cleo, randomBytes(2)).expect(507)).body.code).toBe('quota_exceeded')
    expect((await keptAtLast(app, cleo)).stored_bytes).toBe(59_999)
    // Of five that fit one by one only one can.
    const twins = await Promise.all(Array.from({ length: 5 }, () => upload(app, cleo, randomBytes(1))))
    expect(twins.map(({ status }) => status).sort()).toEqual([201, 507, 507, 507, 507])
    expect((await keptAtLast(app, cleo)).stored_bytes).toBe(60_000)
    expect((await upload(app, cleo, randomBytes(1)).expect(507)).body.code).toBe('quota_exceeded')
  })
})

test('an upload whose store fails in the middle is a problem and leaves nothing', async () => {
  let broken = true
  const failing = (blobs: BlobStore): BlobStore => ({
    ...blobs,
    async put(key, body, options) {
      if (!broken) return blobs.put(key, body, options)
      let seen = 0
      body.on('data', (chunk: Buffer) => {
        seen += chunk.length
        if (seen > 300_000) body.destroy(new Error('the disk of the test is full'))
      })
      return blobs.put(key, body, options)
    },
  })
  const app = await startApp({}, { backends: opened => ({ ...opened, blobs: failing(opened.blobs) }) })
  try {
    const ann = await seedInto(app).user('ann')
    const { body, headers } = await upload(app, ann, randomBytes(2_000_000)).expect(500)
    expect(body.code).toBe('internal')
    expect(headers['content-type']).toBe('application/problem+json')
    expect(await keptAtLast(app, ann)).toEqual(NOTHING)
    broken = false
    await uploaded(app, ann, randomBytes(2_000_000))
  } finally {
    await app.close()
  }
})
