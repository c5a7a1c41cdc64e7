import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { BlobStore } from '../src/infra/blobs/blob-store.ts'
import { startApp, type TestApp } from './support/app.ts'
import { testHeavy } from './support/heavy.ts'
import { hugePng } from './support/pictures.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { keptAtLast, NOTHING, uploaded } from './support/uploads.ts'

const RED = { r: 220, g: 20, b: 20 }
const BLUE = { r: 20, g: 20, b: 220 }

/** A picture whose left half is red and whose right half is blue. */
const halves = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: BLUE } }).composite([
    {
      input: { create: { width: width / 2, height, channels: 3, background: RED } },
      left: 0,
      top: 0,
    },
  ])

describe('the thumbnail', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ;[ann, bob] = await seedInto(app).users('ann', 'bob')
  })
  afterAll(() => app.close())

  const settled = (fileId: string): Promise<string> =>
    until(
      async () => (await as(app, ann).get(`/files/${fileId}`).expect(200)).body.file.thumbnail,
      state => state !== 'pending',
    )

  const thumbnailOf = async (original: Buffer, type: string) => {
    const file = await uploaded(app, ann, original, { name: 'picture', type })
    expect(file).toMatchObject({ file_type: type, thumbnail: 'pending' })
    expect(await settled(file.file_id)).toBe('ready')
    const reply = await as(app, ann)
      .get(`/files/${file.file_id}/thumbnail`)
      .buffer(true)
      .responseType('blob')
      .expect(200)
    expect(reply.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"/),
    })
    const { data, info } = await sharp(reply.body).raw().toBuffer({ resolveWithObject: true })
    const at = (x: number, y: number) => {
      const from = (y * info.width + x) * info.channels
      return { r: data[from] ?? 0, g: data[from + 1] ?? 0, b: data[from + 2] ?? 0 }
    }
    return { fileId: file.file_id, metadata: await sharp(reply.body).metadata(), at, bytes: reply.body }
  }

  const isNear = (seen: typeof RED, wanted: typeof RED) =>
    Math.max(Math.abs(seen.r - wanted.r), Math.abs(seen.g - wanted.g), Math.abs(seen.b - wanted.b)) < 40

  test.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('is made of %s', async format => {
    const original = await halves(800, 400).toFormat(format).toBuffer()
    const { metadata, at } = await thumbnailOf(original, `image/${format}`)
    expect(metadata).toMatchObject({ format: 'jpeg', width: 300, height: 150 })
    expect(isNear(at(20, 75), RED)).toBe(true)
    expect(isNear(at(280, 75), BLUE)).toBe(true)
  })

  test('is upright and says nothing of where the picture was taken', async () => {
    const original = await halves(800, 400)
      .withExif({ IFD0: { Copyright: 'a secret of the camera' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer()
    expect((await sharp(original).metadata()).orientation).toBe(6)
    const { metadata, at, bytes } = await thumbnailOf(original, 'image/jpeg')
    // Turned by a quarter to the right: what was on the left is at the top.
    expect(metadata).toMatchObject({ width: 150, height: 300 })
    expect(isNear(at(75, 20), RED)).toBe(true)
    expect(isNear(at(75, 280), BLUE)).toBe(true)
    expect([metadata.exif, metadata.icc, metadata.xmp, metadata.iptc, metadata.orientation]).toEqual(
      Array(5).fill(undefined),
    )
    expect(bytes.includes('secret')).toBe(false)
  })

  test('shows white where the picture is transparent, and a small picture as it is', async () => {
    const nothing = {
      width: 40,
      height: 20,
      channels: 4,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    } as const
    const { metadata, at } = await thumbnailOf(await sharp({ create: nothing }).png().toBuffer(), 'image/png')
    expect(metadata).toMatchObject({ width: 40, height: 20 })
    expect(isNear(at(20, 10), { r: 255, g: 255, b: 255 })).toBe(true)
  })

  test('goes with its file, and is for those who see the file', async () => {
    const cleo = await seedInto(app).user('cleo')
    const file = await uploaded(app, cleo, await halves(400, 400).png().toBuffer(), { type: 'image/png' })
    const path = `/files/${file.file_id}/thumbnail`
    await until(app.context.outbox.waiting, waiting => waiting === 0)
    await as(app, cleo).get(path).expect(200)
    await as(app, bob).get(path).expect(404)
    await anonymous(app).get(path).expect(404)
    await as(app, cleo).patch(`/files/${file.file_id}`).send({ is_public: true }).expect(200)
    await anonymous(app).get(path).expect(200)
    const { blobs } = app.context.backends
    expect(await blobs.head(`thumbnails/${file.file_id}.jpg`)).not.toBeNull()
    await as(app, cleo).delete(`/files/${file.file_id}`).expect(204)
    await as(app, cleo).get(path).expect(404)
    expect(await keptAtLast(app, cleo)).toEqual(NOTHING)
    expect(await blobs.head(`thumbnails/${file.file_id}.jpg`)).toBeNull()
  })

  test('is not made of what is no picture', async () => {
    for (const [type, bytes] of [
      ['application/pdf', Buffer.from('%PDF-1.7\n%%EOF\n')],
      ['text/plain', Buffer.from('words')],
      ['application/octet-stream', Buffer.from([0, 1, 2])],
    ] as const) {
      const file = await uploaded(app, ann, bytes, { type })
      expect(file.thumbnail).toBe('none')
      await as(app, ann).get(`/files/${file.file_id}/thumbnail`).expect(404)
    }
  })

  test('of a broken picture, or of one too large, is none, with a line in the log and no second try', async () => {
    const jpeg = await halves(800, 400).jpeg().toBuffer()
    for (const [type, bytes] of [
      ['image/jpeg', jpeg.subarray(0, jpeg.length / 2)],
      ['image/jpeg', jpeg.subarray(0, 40)],
      ['image/png', hugePng(50_000, 20_000)],
      ['image/png', hugePng(2 ** 31 - 1, 2 ** 31 - 1)],
      ['image/gif', Buffer.from('GIF89a/*\x01\x01*/=1;alert(1)')],
    ] as const) {
      const file = await uploaded(app, ann, bytes, { type })
      expect(await settled(file.file_id)).toBe('none')
      await as(app, ann).get(`/files/${file.file_id}/thumbnail`).expect(404)
      await as(app, ann).get(`/files/${file.file_id}/content`).expect(200)
      await until(app.context.outbox.waiting, waiting => waiting === 0)
      const lines = app.log().filter(line => line.file_id === file.file_id)
      expect(lines).toHaveLength(1)
    }
    expect(await app.context.outbox.dead()).toEqual([])
    expect(app.log().filter(({ msg }) => String(msg).startsWith('outbox job failed'))).toEqual([])
  })
})

testHeavy(
  'a thumbnail that is being made is 202, and one whose file goes meanwhile is not left',
  async () => {
    const gate = Promise.withResolvers<void>()
    const slow = (blobs: BlobStore): BlobStore => ({
      ...blobs,
      get: async (key, options) => {
        await gate.promise
        return blobs.get(key, options)
      },
    })
    const app = await startApp({}, { backends: opened => ({ ...opened, blobs: slow(opened.blobs) }) })
    try {
      const ann = await seedInto(app).user('ann')
      const original = await halves(400, 400).png().toBuffer()
      const [stays, goes] = [
        await uploaded(app, ann, original, { type: 'image/png' }),
        await uploaded(app, ann, original, { type: 'image/png' }),
      ]
      const { body, headers } = await as(app, ann).get(`/files/${stays.file_id}/thumbnail`).expect(202)
      expect(body).toEqual({ status: 'pending' })
      expect(headers['content-type']).toMatch(/^application\/json/)
      await as(app, ann).delete(`/files/${goes.file_id}`).expect(204)
      gate.resolve()
      await until(app.context.outbox.waiting, waiting => waiting === 0)
      await as(app, ann).get(`/files/${stays.file_id}/thumbnail`).expect(200)
      const thumbnails: string[] = []
      for await (const { key } of app.context.backends.blobs.list('thumbnails/')) thumbnails.push(key)
      expect(thumbnails).toEqual([`thumbnails/${stays.file_id}.jpg`])
    } finally {
      gate.resolve()
      await app.close()
    }
  },
)
