import { randomFillSync, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createAssembly } from '../src/files/assembly.ts'
import { planParts } from '../src/files/part-plan.ts'
import type { BlobStore } from '../src/infra/blobs/blob-store.ts'
import { startApp, type TestApp } from './support/app.ts'
import { Completed, type Plan, sha256, slice, type Uploader, uploader } from './support/fault-client.ts'
import { drain, faultsOf, inventory, storedBytes } from './support/fault-sweep.ts'
import { rounds } from './support/heavy.ts'
import { seedInto } from './support/seed.ts'

const MIB = 1024 * 1024
const QUOTA = 64 * MIB

const randomBytes = (size: number) => randomFillSync(Buffer.alloc(size))

describe('the plan of an upload', () => {
  test('has at most 10,000 parts of 8 MiB to 5 GiB that are the whole together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), size => {
        const { part_size, parts_count } = planParts(size)
        expect(part_size).toBeGreaterThanOrEqual(8 * MIB)
        expect(part_size).toBeLessThanOrEqual(5 * 1024 * MIB)
        expect(parts_count).toBeLessThanOrEqual(10_000)
        expect(part_size * (parts_count - 1)).toBeLessThan(size)
        expect(part_size * parts_count).toBeGreaterThanOrEqual(size)
      }),
      { examples: [[1], [8 * MIB], [8 * MIB + 1], [80_000 * MIB], [80_000 * MIB + 1], [5 * 1024 ** 4]] },
    )
    expect(planParts(8 * MIB)).toEqual({ part_size: 8 * MIB, parts_count: 1 })
    expect(planParts(8 * MIB + 1)).toEqual({ part_size: 8 * MIB, parts_count: 2 })
  })
})

describe('an upload in parts', () => {
  let app: TestApp

  beforeAll(async () => {
    const limits = { USER_QUOTA_BYTES: String(QUOTA), MAX_FILE_SIZE: String(40 * MIB) }
    app = await startApp(limits, { outbox: { pollMs: 20, retryMs: 20 } })
  })
  afterAll(() => app.close())

  /** Somebody new, so that nobody else's bytes count. */
  const somebody = async (): Promise<Uploader & { used(): Promise<number> }> => {
    const { token, user_id } = await seedInto(app).user('ann')
    return { ...uploader(app.url, token), used: () => storedBytes(app.context, user_id) }
  }

  /** One part and all of it sent. */
  const sent = async (ann: Uploader, bytes = randomBytes(1000), more: object = {}) => {
    const plan = await ann.begin(bytes, more)
    expect((await ann.put(plan, 1, bytes)).status).toBe(200)
    return plan
  }

  /** Nothing of it is left: no record, no bytes, no parts. */
  const expectGone = async (plan: Plan) => {
    await drain(app.context)
    const { files, objects, uploads } = await inventory(app.context)
    expect(files.filter(file => file.file_id === plan.file_id)).toEqual([])
    expect([...objects, ...uploads].filter(key => key.includes(plan.file_id))).toEqual([])
    expect(await faultsOf(app.context)).toEqual([])
  }

  test('arrives bit for bit, its parts in any order, twice, and by either way', async () => {
    const ann = await somebody()
    const whole = randomBytes(17 * MIB)
    const sum = sha256(whole)
    const plan = await ann.begin(whole, { checksum_sha256: sum.toUpperCase(), tags: ['Big'] })
    expect(plan).toMatchObject({ part_size: 8 * MIB, parts_count: 3 })
    expect(await ann.used()).toBe(17 * MIB)
    expect(await ann.state(plan)).toMatchObject({ upload: { status: 'initiated' }, parts: [] })

    expect((await ann.put(plan, 3, slice(whole, plan, 3))).status).toBe(200)
    expect((await ann.putSigned(plan, 2, slice(randomBytes(16 * MIB), plan, 1))).status).toBe(200)
    expect((await ann.complete(plan)).body).toMatchObject({ status: 409, code: 'parts_missing' })
    expect((await ann.putSigned(plan, 1, slice(whole, plan, 1))).status).toBe(200)
    expect((await ann.putSigned(plan, 2, slice(whole, plan, 2))).status).toBe(200)
    const { parts } = await ann.state(plan)
    expect(parts.map(({ part_number, size }) => [part_number, size])).toEqual([
      [1, 8 * MIB],
      [2, 8 * MIB],
      [3, MIB],
    ])
    expect((await ann.call('GET', `/files/${plan.file_id}`)).status).toBe(404)

    const stated = parts.map(({ part_number, etag }) => ({ part_number, etag: `"${etag}"` })).reverse()
    const { file } = Completed.parse((await ann.complete(plan, { parts: stated })).body)
    expect(file).toMatchObject({ checksum_sha256: sum, file_size: 17 * MIB, tags: ['big'] })
    expect(sha256((await ann.content(plan.file_id)) ?? Buffer.of())).toBe(sum)
    expect(await ann.state(plan)).toMatchObject({ upload: { status: 'completed' }, parts: [] })
    expect(await ann.used()).toBe(17 * MIB)
    expect((await ann.put(plan, 1, slice(whole, plan, 1))).body).toMatchObject({ status: 409 })
    expect(await faultsOf(app.context)).toEqual([])
  })

  test('is completed once, however often and by how many at once', async () => {
    const ann = await somebody()
    const plan = await sent(ann)
    const replies = await Promise.all(Array.from({ length: 10 }, () => ann.complete(plan)))
    const again = await ann.complete(plan)
    for (const reply of replies) expect(reply).toEqual(again)
    expect(again).toMatchObject({ status: 200, body: { status: 'completed' } })
    expect((await ann.call('GET', '/files')).body.files).toHaveLength(1)
    expect(await ann.used()).toBe(1000)
  })

  test('is read back once for all that wait for it', async () => {
    const plan = await sent(await somebody())
    const { blobs } = app.context.backends
    let reads = 0
    const counted: BlobStore = {
      ...blobs,
      get: (key, options) => {
        reads++
        return blobs.get(key, options)
      },
    }
    const { join, verify } = createAssembly(counted, { begin: async () => true })
    const upload = (await inventory(app.context)).files.find(file => file.file_id === plan.file_id)
    if (!upload?.multipart?.store_upload_id) throw new Error('nothing was begun')
    const found = { ...upload, multipart: upload.multipart }
    await join(found, upload.multipart.store_upload_id, undefined)
    const [first, ...others] = await Promise.all([verify(found), verify(found), verify(found)])
    for (const other of others) expect(other).toBe(first)
    expect(reads).toBe(1)
    expect(await verify(found)).toEqual(first)
    expect(reads).toBe(2)
  })

  test('is not completed with parts that are not those that arrived, and can go on', async () => {
    const ann = await somebody()
    const plan = await sent(ann)
    const wrong = [{ part_number: 1, etag: 'f'.repeat(32) }]
    expect((await ann.complete(plan, { parts: wrong })).body).toMatchObject({ code: 'parts_missing' })
    expect((await ann.complete(plan, { parts: [] })).body).toMatchObject({ code: 'parts_missing' })
    expect((await ann.complete(plan)).status).toBe(200)
  })

  test.each([
    ['another SHA-256', { checksum_sha256: '0'.repeat(64) }, 422, 'checksum_mismatch'],
    ['another type', { file_type: 'image/png', file_name: 'a.png' }, 415, 'unsupported_type'],
  ])('with %s than stated is refused, and nothing of it stays', async (_what, more, status, code) => {
    const ann = await somebody()
    const plan = await sent(ann, Buffer.from('<script>alert(1)</script>'.repeat(40)), more)
    expect((await ann.complete(plan)).body).toMatchObject({ status, code })
    expect((await ann.complete(plan)).status).toBe(404)
    await expectGone(plan)
    expect(await ann.used()).toBe(0)
  })

  test('takes no parts of a wrong length or number, and its connection goes on', async () => {
    const ann = await somebody()
    const whole = randomBytes(9 * MIB)
    const plan = await ann.begin(whole)
    const short = await ann.put(plan, 1, whole.subarray(0, 3 * MIB))
    expect(short.body).toMatchObject({ status: 422, code: 'size_mismatch' })
    expect((await ann.put(plan, 2, whole.subarray(0, MIB + 1))).body).toMatchObject({ status: 413 })
    for (const part of [3, 10_000]) {
      expect((await ann.put(plan, part, whole.subarray(0, MIB))).body).toMatchObject({ status: 422 })
    }
    const wanted = { part_numbers: [1, 3] }
    expect((await ann.call('POST', `/files/uploads/${plan.upload_id}/parts`, wanted)).status).toBe(422)
    expect((await ann.putSigned(plan, 2, whole.subarray(0, MIB - 1))).status).toBe(403)
    expect((await ann.state(plan)).parts).toEqual([])
    expect((await ann.abort(plan)).status).toBe(204)
  })

  test("is nobody else's, on any route", async () => {
    const [ann, bob] = [await somebody(), await somebody()]
    const plan = await sent(ann)
    const none = { ...plan, upload_id: randomUUID().replace(/-4/, '-7') }
    for (const asked of [plan, none]) {
      const wanted = { part_numbers: [1] }
      const replies = [
        await bob.call('GET', `/files/uploads/${asked.upload_id}`),
        await bob.call('POST', `/files/uploads/${asked.upload_id}/parts`, wanted),
        await bob.put(asked, 1, Buffer.alloc(1000)),
        await bob.complete(asked),
        await bob.abort(asked),
      ]
      expect(replies.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404])
    }
    expect((await ann.complete(plan)).status).toBe(200)
  })

  test('that is given up is gone, with its parts and what it claimed', async () => {
    const ann = await somebody()
    const plan = await sent(ann)
    expect((await ann.abort(plan)).status).toBe(204)
    const replies = [
      await ann.abort(plan),
      await ann.call('GET', `/files/uploads/${plan.upload_id}`),
      await ann.put(plan, 1, Buffer.alloc(1000)),
      await ann.complete(plan),
    ]
    expect(replies.map(({ status }) => status)).toEqual([404, 404, 404, 404])
    await expectGone(plan)
    expect(await ann.used()).toBe(0)
  })

  test('is either completed or given up when both are asked for at once', async () => {
    const ann = await somebody()
    for (let round = 0; round < rounds(5, 2); round++) {
      const plan = await sent(ann)
      const [done, gone] = await Promise.all([ann.complete(plan), ann.abort(plan)])
      expect([
        [200, 404],
        [404, 204],
      ]).toContainEqual([done.status, gone.status])
      if (done.status === 404) await expectGone(plan)
      else expect(await ann.content(plan.file_id)).toHaveLength(1000)
    }
  })

  test('that is given up while its parts are put together is not found, and not short of parts', async () => {
    const ann = await somebody()
    const plan = await sent(ann)
    const { blobs } = app.context.backends
    const upload = (await inventory(app.context)).files.find(file => file.file_id === plan.file_id)
    if (!upload?.multipart?.store_upload_id) throw new Error('nothing was begun')
    const overtaken: BlobStore = {
      ...blobs,
      async head(key) {
        const found = await blobs.head(key)
        if ((await ann.abort(plan)).status === 204) await expectGone(plan)
        return found
      },
    }
    const { join } = createAssembly(overtaken, { begin: async () => true })
    const joined = join(
      { ...upload, multipart: upload.multipart },
      upload.multipart.store_upload_id,
      undefined,
    )
    await expect(joined).rejects.toMatchObject({ status: 404 })
  })

  test('is refused before its first byte when it is too large', async () => {
    const ann = await somebody()
    const wanted = { file_name: 'a', file_type: 'application/octet-stream' }
    const begin = (file_size: number) => ann.call('POST', '/files/uploads', { ...wanted, file_size })
    expect((await begin(40 * MIB + 1)).body).toMatchObject({ status: 413, code: 'file_too_large' })
    expect((await begin(0)).status).toBe(422)
    const twins = await Promise.all([begin(40 * MIB), begin(40 * MIB), begin(40 * MIB)])
    expect(twins.map(({ status }) => status).sort()).toEqual([201, 507, 507])
    expect(await ann.used()).toBe(40 * MIB)
  })

  test('whose time is over is swept away, and files that are ready stay', async () => {
    const ann = await somebody()
    const kept = await sent(ann)
    expect((await ann.complete(kept)).status).toBe(200)
    const [begun, half] = [await ann.begin(Buffer.alloc(10)), await sent(ann)]
    await expectGone(begun)
    await expectGone(half)
    expect(await ann.content(kept.file_id)).toHaveLength(1000)
    expect(await ann.used()).toBe(1000)
  })
})
