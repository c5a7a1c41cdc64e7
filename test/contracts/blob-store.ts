import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  BlobExists,
  BlobNotFound,
  PartMismatch,
  RangeNotSatisfiable,
  UploadNotFound,
} from '../../src/infra/blobs/blob-errors.ts'
import type { BlobStore } from '../../src/infra/blobs/blob-store.ts'
import { until } from '../support/until.ts'

export interface StoreUnderTest {
  /** Another instance on the same storage. The URLs that it signs can be fetched. */
  open(): Promise<BlobStore>
  /** Statements of a module for another process, which leave a store on the same storage in `store`. */
  openInProcess(): string
  /** What the server behind the store cannot do, and why. `arbitrate`: let one of several win that race. */
  cannot?: { arbitrate?: string }
}

export const MIB = 1024 * 1024
/** The smallest that a part other than the last may be. */
const PART = 5 * MIB
const CHUNK = 64 * 1024

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

/** The bytes as a stream of small chunks. */
export const streamOf = (bytes: Uint8Array): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
    })(),
  )

/** A stream that gives so many bytes and then nothing more, and does not end. `stalled` settles when it has. */
const stallingStream = (bytes: number) => {
  const stalled = Promise.withResolvers<void>()
  let left = bytes
  const stream = new Readable({
    read() {
      if (left <= 0) {
        stalled.resolve()
        return
      }
      left -= CHUNK
      this.push(randomBytes(CHUNK))
    },
  })
  return { stream, stalled: stalled.promise }
}

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Everything that every store must do. */
export const blobStoreContract = (subject: StoreUnderTest) => {
  let store: BlobStore
  let prefix: string
  const opened: BlobStore[] = []
  const open = async () => {
    const another = await subject.open()
    opened.push(another)
    return another
  }

  beforeEach(async () => {
    prefix = `user-files/${randomBytes(8).toString('hex')}/`
    store = await open()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(each => each.close()))
  })

  const put = (key: string, bytes: Uint8Array, contentType = 'application/octet-stream') =>
    store.put(key, streamOf(bytes), { contentType })
  const read = async (key: string, range?: { start: number; end: number }) =>
    buffer((await store.get(key, { range })).body)
  const keys = async () => (await collect(store.list(prefix))).map(({ key }) => key).sort()
  const uploads = () => collect(store.multipart.listUploads(prefix))
  const nothingIsLeft = async (key: string) => {
    expect(await store.head(key)).toBeNull()
    expect(await keys()).toEqual([])
    expect(await uploads()).toEqual([])
  }

  describe('objects', () => {
    test.each([0, 1, 1023, CHUNK, PART - 1, PART, PART + 1, 2 * PART, 20 * MIB])(
      'one of %i bytes comes back bit for bit',
      async size => {
        const bytes = randomBytes(size)
        const key = `${prefix}object`
        const stored = await put(key, bytes)
        expect(stored.size).toBe(size)
        const { body, ...info } = await store.get(key)
        expect(sha256(await buffer(body))).toBe(sha256(bytes))
        expect(info).toMatchObject({ size, etag: stored.etag })
        expect(await store.head(key)).toMatchObject({ size, etag: stored.etag })
      },
    )

    test('the ETag of what was put in one go is its MD5, bare', async () => {
      const bytes = randomBytes(1000)
      expect(await put(`${prefix}object`, bytes)).toEqual({ size: 1000, etag: md5(bytes) })
    })

    test.each([
      'report.pdf',
      'Grüße aus Köln (2).txt',
      '写真 2026-11-23.jpeg',
      'été+hiver=@home,really.tar.gz',
      '-._',
      `${'長'.repeat(85)}`,
    ])('the key may end in "%s"', async name => {
      const key = `${prefix}${name.normalize('NFC')}`
      await put(key, Buffer.from(name))
      expect((await read(key)).toString()).toBe(name)
      expect(await keys()).toEqual([key])
      await store.remove(key)
      await nothingIsLeft(key)
    })

    test.each([
      '',
      '/etc/passwd',
      'a/../b',
      'a/./b',
      '..',
      'a//b',
      'a/',
      'a\\b',
      'a\0b',
      'a\nb',
      '~',
      'a/~/b',
      'cafe\u0301',
      'a\u202eb',
      'x'.repeat(256),
      `${'y/'.repeat(512)}z`,
    ])('%j is not a key', async key => {
      const options = { contentType: 'text/plain' }
      await expect(store.put(key, Readable.from([]), options)).rejects.toThrow(TypeError)
      await expect(store.get(key)).rejects.toThrow(TypeError)
      await expect(store.head(key)).rejects.toThrow(TypeError)
      await expect(store.remove(key)).rejects.toThrow(TypeError)
      await expect(store.multipart.create(key, options)).rejects.toThrow(TypeError)
      const signed = { expiresIn: 60, contentType: 'text/plain', contentDisposition: 'inline' }
      await expect(store.presignGet(key, signed)).rejects.toThrow(TypeError)
    })

    test('an object may lie below the key of another one', async () => {
      await put(`${prefix}a`, Buffer.from('above'))
      await put(`${prefix}a/b/c`, Buffer.from('below'))
      await put(`${prefix}a/b`, Buffer.from('between'))
      expect(await keys()).toEqual([`${prefix}a`, `${prefix}a/b`, `${prefix}a/b/c`])
      await store.remove(`${prefix}a`)
      expect((await read(`${prefix}a/b`)).toString()).toBe('between')
      await store.remove(`${prefix}a/b/c`)
      expect(await keys()).toEqual([`${prefix}a/b`])
    })

    test('content type and disposition are kept', async () => {
      const contentType = 'text/plain; charset=utf-8'
      const contentDisposition = `attachment; filename="a_.txt"; filename*=UTF-8''%C3%A4%E2%82%AC.txt`
      await store.put(`${prefix}object`, streamOf(Buffer.from('text')), { contentType, contentDisposition })
      const { body, ...info } = await store.get(`${prefix}object`)
      body.destroy()
      expect(info).toMatchObject({ contentType, contentDisposition })
      expect(await store.head(`${prefix}object`)).toMatchObject({ contentType, contentDisposition })
    })

    test('ranges are inclusive, and what is past the end is left out', async () => {
      const bytes = randomBytes(10 * MIB)
      const key = `${prefix}object`
      await put(key, bytes)
      const last = bytes.length - 1
      for (const [start, end] of [
        [0, 0],
        [0, 99],
        [MIB - 1, 9 * MIB + 1],
        [last, last],
        [last - 9, last + 1000],
        [0, last],
      ] as const) {
        const part = await read(key, { start, end })
        expect(part.equals(bytes.subarray(start, end + 1))).toBe(true)
      }
      const { size, body } = await store.get(key, { range: { start: 5, end: 6 } })
      expect((await buffer(body)).length).toBe(2)
      expect(size).toBe(bytes.length)
    })

    test('a range that begins past the end is refused', async () => {
      await put(`${prefix}object`, randomBytes(10))
      await put(`${prefix}empty`, randomBytes(0))
      await expect(read(`${prefix}object`, { start: 10, end: 20 })).rejects.toThrow(RangeNotSatisfiable)
      await expect(read(`${prefix}empty`, { start: 0, end: 0 })).rejects.toThrow(RangeNotSatisfiable)
    })

    test('what is not there is told so', async () => {
      await expect(store.get(`${prefix}nothing`)).rejects.toThrow(BlobNotFound)
      await expect(store.get(`${prefix}nothing`, { range: { start: 0, end: 1 } })).rejects.toThrow(
        BlobNotFound,
      )
      expect(await store.head(`${prefix}nothing`)).toBeNull()
    })

    test('an object is removed for good, and removing it again is no error', async () => {
      const key = `${prefix}object`
      await put(key, randomBytes(9 * MIB))
      await store.remove(key)
      await store.remove(key)
      await expect(store.get(key)).rejects.toThrow(BlobNotFound)
      await nothingIsLeft(key)
      await put(key, Buffer.from('anew'))
      expect((await read(key)).toString()).toBe('anew')
    })

    test('a list has every object under its prefix and no other, over many pages', async () => {
      const names = Array.from({ length: 23 }, (_, at) => `${prefix}${at % 3}/file-${at}`)
      await Promise.all(names.map((key, at) => put(key, randomBytes(at))))
      const found = await collect(store.list(prefix))
      expect(found.map(({ key }) => key).sort()).toEqual(names.toSorted())
      for (const { key, size, lastModified } of found) {
        expect(size).toBe(names.indexOf(key))
        expect(Math.abs(Date.now() - lastModified.getTime())).toBeLessThan(600_000)
      }
      const under = async (rest: string) => (await collect(store.list(prefix + rest))).length
      expect(await under('1/')).toBe(8)
      expect(await under('1/file-1')).toBe(5)
      expect(await under('1/file-22')).toBe(1)
      expect(await under('1/file-222')).toBe(0)
      expect(await under('nothing/at/all')).toBe(0)
      expect(await under('1')).toBe(8)
    })

    test('an object that is there is never overwritten', async () => {
      const key = `${prefix}object`
      const first = randomBytes(1000)
      await put(key, first)
      await expect(put(key, randomBytes(1000))).rejects.toThrow(BlobExists)
      await expect(put(key, randomBytes(9 * MIB))).rejects.toThrow(BlobExists)
      expect(await read(key)).toEqual(first)
      expect(await uploads()).toEqual([])
    })

    const race = async (size: number) => {
      const key = `${prefix}object`
      const bodies = Array.from({ length: 4 }, () => randomBytes(size))
      const outcomes = await Promise.allSettled(bodies.map(bytes => put(key, bytes)))
      const won = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
      expect(won).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(BlobExists)
      }
      expect(sha256(await read(key))).toBe(sha256(bodies[won[0] ?? -1] ?? Buffer.alloc(0)))
      expect(await uploads()).toEqual([])
    }

    const why = subject.cannot?.arbitrate
    const testArbitration = why === undefined ? test : test.skip
    testArbitration.each([100, 9 * MIB])(
      `of several of %i bytes put at once one wins${why ? ` (${why})` : ''}`,
      race,
    )

    test('twenty are put at once, each bit for bit', async () => {
      // Three of them so large that S3 is sent them in parts.
      const bodies = Array.from({ length: 20 }, (_, at) => randomBytes(at < 17 ? at * CHUNK + 1 : 9 * MIB))
      await Promise.all(bodies.map((bytes, at) => put(`${prefix}${at}`, bytes)))
      for (const [at, bytes] of bodies.entries()) {
        expect(sha256(await read(`${prefix}${at}`))).toBe(sha256(bytes))
      }
    })

    test('for a reader that does not read only little is read ahead', async () => {
      const bytes = randomBytes(20 * MIB)
      await put(`${prefix}object`, bytes)
      const { body } = await store.get(`${prefix}object`)
      body.once('readable', () => {})
      await until(
        () => body.readableLength,
        length => length > 0,
      )
      for (let turns = 0; turns < 500; turns++) await turn()
      expect(body.readableLength).toBeLessThanOrEqual(MIB)
      expect(sha256(await buffer(body))).toBe(sha256(bytes))
    })

    test('a signal ends a reader in the midst of it', async () => {
      await put(`${prefix}object`, randomBytes(20 * MIB))
      const abort = new AbortController()
      const { body } = await store.get(`${prefix}object`, { signal: abort.signal })
      await once(body, 'readable')
      abort.abort()
      await expect(buffer(body)).rejects.toThrow()
      const late = store.get(`${prefix}object`, { signal: AbortSignal.abort(new Error('too late')) })
      await expect(late).rejects.toThrow('too late')
    })
  })

  /** How a stream or its reader may break off, and what the caller then hears. */
  const breaks: [string, (body: Readable, abort: AbortController) => void, RegExp][] = [
    ['the signal fires', (_, abort) => abort.abort(new Error('changed my mind')), /^changed my mind$/],
    ['the stream fails', body => body.destroy(new Error('line cut')), /^line cut$/],
    ['the stream is destroyed', body => body.destroy(), /premature close/i],
  ]

  describe.each(breaks)('when %s', (_, breakOff, message) => {
    test.each([CHUNK, 3 * MIB, 12 * MIB])('after %i bytes of an object nothing is left', async given => {
      const { stream, stalled } = stallingStream(given)
      const abort = new AbortController()
      const options = { contentType: 'text/plain', signal: abort.signal }
      const outcome = expect(store.put(`${prefix}object`, stream, options)).rejects.toThrow(message)
      await stalled
      breakOff(stream, abort)
      await outcome
      expect(stream.destroyed).toBe(true)
      await nothingIsLeft(`${prefix}object`)
    })

    test('before an object has begun nothing is left', async () => {
      const { stream } = stallingStream(CHUNK)
      const abort = new AbortController()
      stream.on('error', () => {})
      breakOff(stream, abort)
      const options = { contentType: 'text/plain', signal: abort.signal }
      await expect(store.put(`${prefix}object`, stream, options)).rejects.toThrow(message)
      await nothingIsLeft(`${prefix}object`)
    })

    test('in the midst of a part there is no such part', async () => {
      const key = `${prefix}object`
      const uploadId = await store.multipart.create(key, { contentType: 'text/plain' })
      const { stream, stalled } = stallingStream(3 * MIB)
      const abort = new AbortController()
      const part = store.multipart.uploadPart(key, uploadId, 1, stream, PART, abort.signal)
      const outcome = expect(part).rejects.toThrow(message)
      await stalled
      breakOff(stream, abort)
      await outcome
      expect(await store.multipart.listParts(key, uploadId)).toEqual([])
      await store.multipart.abort(key, uploadId)
      await nothingIsLeft(key)
    })
  })

  test('a writer that is killed leaves no object, and nothing that cannot be cleared away', async () => {
    const key = `${prefix}object`
    const script = `
      import { Readable } from 'node:stream'
      ${subject.openInProcess()}
      let given = 0
      const body = new Readable({
        read() {
          if (given < ${12 * MIB}) this.push(Buffer.alloc(${CHUNK}, given += ${CHUNK}))
          else console.log('stalled')
        },
      })
      setInterval(() => {}, 1000)
      await store.put(${JSON.stringify(key)}, body, { contentType: 'text/plain' })`
    const writer = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      await once(writer.stdout, 'data')
    } finally {
      writer.kill('SIGKILL')
    }
    await once(writer, 'close')

    const next = await open()
    expect(await next.head(key)).toBeNull()
    expect(await keys()).toEqual([])
    for (const upload of await uploads()) await next.multipart.abort(upload.key, upload.uploadId)
    await nothingIsLeft(key)
    await put(key, Buffer.from('again'))
    expect((await read(key)).toString()).toBe('again')
  })

  describe('uploads in parts', () => {
    const begin = async (name = 'object', contentType = 'video/mp4') => {
      const key = prefix + name
      const uploadId = await store.multipart.create(key, { contentType })
      const part = (number: number, bytes: Uint8Array, size = bytes.length) =>
        store.multipart.uploadPart(key, uploadId, number, streamOf(bytes), size)
      const parts = () => store.multipart.listParts(key, uploadId)
      const arrived = async () =>
        (await parts())?.map(({ part_number, etag }) => ({ part_number, etag })) ?? []
      const complete = async (given?: { part_number: number; etag: string }[]) =>
        store.multipart.complete(key, uploadId, given ?? (await arrived()))
      return { key, uploadId, part, parts, arrived, complete }
    }

    test('parts in any order, one of them replaced, become one object', async () => {
      const { key, part, parts, complete } = await begin()
      const [one, two, three] = [randomBytes(PART), randomBytes(PART + 1), randomBytes(1000)]
      await part(3, three)
      await part(2, randomBytes(PART))
      await part(1, one)
      const { etag } = await part(2, two)
      expect(etag).toBe(md5(two))
      expect(await parts()).toEqual([
        { part_number: 1, etag: md5(one), size: PART },
        { part_number: 2, etag: md5(two), size: PART + 1 },
        { part_number: 3, etag: md5(three), size: 1000 },
      ])
      expect(await store.head(key)).toBeNull()

      const whole = Buffer.concat([one, two, three])
      const composed = createHash('md5')
      for (const each of [one, two, three]) composed.update(md5(each), 'hex')
      const made = { size: whole.length, etag: `${composed.digest('hex')}-3` }
      expect(await complete()).toEqual(made)
      expect(sha256(await read(key))).toBe(sha256(whole))
      expect(await store.head(key)).toMatchObject({ ...made, contentType: 'video/mp4' })
      expect(await uploads()).toEqual([])
      expect(await keys()).toEqual([key])
    })

    test('a part that comes again as it was is there once', async () => {
      const { part, parts } = await begin()
      const bytes = randomBytes(1000)
      await Promise.all([part(1, bytes), part(1, bytes), part(1, bytes)])
      expect(await parts()).toEqual([{ part_number: 1, etag: md5(bytes), size: 1000 }])
    })

    test.each([
      ['fewer', 999],
      ['more', 1001],
      ['far more', 3 * MIB],
      ['no', 0],
    ])('%s bytes than stated are refused and leave no part', async (_, came) => {
      const { part, parts } = await begin()
      await expect(part(1, randomBytes(came), 1000)).rejects.toThrow(PartMismatch)
      expect(await parts()).toEqual([])
      // Also what is said on the same connection afterwards is understood.
      await part(1, randomBytes(1000))
      expect(await parts()).toMatchObject([{ part_number: 1, size: 1000 }])
    })

    test('a wrong length does not harm the part that was there', async () => {
      const { part, parts } = await begin()
      const bytes = randomBytes(1000)
      await part(1, bytes)
      await expect(part(1, randomBytes(1001), 1000)).rejects.toThrow(PartMismatch)
      expect(await parts()).toEqual([{ part_number: 1, etag: md5(bytes), size: 1000 }])
    })

    test('another instance goes on with what the store lists', async () => {
      const { key, uploadId, part } = await begin()
      const pieces = [
        randomBytes(PART),
        randomBytes(PART),
        randomBytes(PART),
        randomBytes(PART),
        randomBytes(7),
      ]
      await part(1, pieces[0] ?? Buffer.alloc(0))
      await part(4, pieces[3] ?? Buffer.alloc(0))

      const { multipart } = await open()
      const there = new Set((await multipart.listParts(key, uploadId))?.map(each => each.part_number))
      expect([...there]).toEqual([1, 4])
      for (const [at, bytes] of pieces.entries()) {
        if (!there.has(at + 1))
          await multipart.uploadPart(key, uploadId, at + 1, streamOf(bytes), bytes.length)
      }
      const parts = (await multipart.listParts(key, uploadId)) ?? []
      expect(parts.map(({ size }) => size)).toEqual([PART, PART, PART, PART, 7])
      await multipart.complete(key, uploadId, parts)
      expect(sha256(await read(key))).toBe(sha256(Buffer.concat(pieces)))
    })

    test('parts that do not fit are refused, and the upload goes on', async () => {
      const { key, part, arrived, complete } = await begin()
      const [one, two] = [randomBytes(PART), randomBytes(100)]
      await part(1, one)
      await part(2, two)
      const [first, second] = [
        { part_number: 1, etag: md5(one) },
        { part_number: 2, etag: md5(two) },
      ]
      for (const wrong of [
        [],
        [first, { part_number: 2, etag: md5(one) }],
        [first, { part_number: 2, etag: 'nonsense' }],
        [first, second, { part_number: 3, etag: md5(two) }],
        [{ part_number: 1, etag: md5(two) }],
        [{ part_number: 3, etag: md5(one) }],
        [first, first, second],
      ]) {
        await expect(complete(wrong)).rejects.toThrow(PartMismatch)
      }
      await expect(read(key)).rejects.toThrow(BlobNotFound)
      expect(await arrived()).toEqual([first, second])
      await complete([second, first])
      expect(sha256(await read(key))).toBe(sha256(Buffer.concat([one, two])))
    })

    test('only the last part may be smaller than 5 MiB', async () => {
      const { part, complete } = await begin()
      await part(1, randomBytes(PART - 1))
      await part(2, randomBytes(PART))
      await expect(complete()).rejects.toThrow(PartMismatch)
    })

    test('completing again, also by another instance, gives the same reply', async () => {
      const { key, uploadId, part, arrived, complete } = await begin()
      await part(1, randomBytes(PART))
      await part(2, randomBytes(10))
      const parts = await arrived()
      const made = await complete(parts)
      expect(await complete(parts)).toEqual(made)
      expect(await (await open()).multipart.complete(key, uploadId, parts)).toEqual(made)
      await store.multipart.abort(key, uploadId)
      expect(await store.head(key)).toMatchObject(made)
      expect(await complete(parts)).toEqual(made)
    })

    test('ETags are taken in quotes too', async () => {
      const { part, complete } = await begin()
      const { etag } = await part(1, randomBytes(10))
      expect(await complete([{ part_number: 1, etag: `"${etag}"` }])).toMatchObject({ size: 10 })
    })

    test('completing does not overwrite an object that was put meanwhile', async () => {
      const { key, part, complete } = await begin()
      await part(1, randomBytes(10))
      await put(key, Buffer.from('first'))
      await expect(complete()).rejects.toThrow(BlobExists)
      expect((await read(key)).toString()).toBe('first')
    })

    test('an aborted upload is gone with its parts, and aborting it again is no error', async () => {
      const { key, uploadId, part, parts, arrived, complete } = await begin()
      await part(1, randomBytes(1000))
      const given = await arrived()
      await store.multipart.abort(key, uploadId)
      await store.multipart.abort(key, uploadId)
      expect(await parts()).toBeNull()
      await expect(complete(given)).rejects.toThrow(UploadNotFound)
      await expect(part(1, randomBytes(1000))).rejects.toThrow(UploadNotFound)
      await nothingIsLeft(key)
    })

    test('an upload that never was is told so', async () => {
      const { key, uploadId } = await begin()
      const nobody = 'bm9ib2R5'
      expect(await store.multipart.listParts(key, nobody)).toBeNull()
      expect(await store.multipart.listParts(`${key}x`, uploadId)).toBeNull()
      await store.multipart.abort(key, nobody)
      const given = [{ part_number: 1, etag: md5(Buffer.alloc(1)) }]
      await expect(store.multipart.complete(key, nobody, given)).rejects.toThrow(UploadNotFound)
      const part = store.multipart.uploadPart(key, nobody, 1, streamOf(Buffer.alloc(1)), 1)
      await expect(part).rejects.toThrow(UploadNotFound)
    })

    test('unfinished uploads are listed under their prefix', async () => {
      const begun = [await begin('a/one'), await begin('a/two'), await begin('b/one'), await begin('a/one')]
      const found = await uploads()
      const ids = (some: { key: string; uploadId: string }[]) =>
        some.map(({ key, uploadId }) => `${key} ${uploadId}`).sort()
      expect(ids(found)).toEqual(ids(begun))
      expect(ids(await collect(store.multipart.listUploads(`${prefix}b`)))).toEqual(ids(begun.slice(2, 3)))
      for (const { initiated } of found)
        expect(Math.abs(Date.now() - initiated.getTime())).toBeLessThan(600_000)
      for (const { key, uploadId } of found) await store.multipart.abort(key, uploadId)
      expect(await uploads()).toEqual([])
    })
  })

  describe('signed URLs', () => {
    const disposition = `attachment; filename="a b.png"; filename*=UTF-8''%E2%82%AC%20b.png`
    const signedGet = (key: string, expiresIn = 60) =>
      store.presignGet(key, { expiresIn, contentType: 'image/png', contentDisposition: disposition })
    const signedPut = (key: string, contentLength: number, expiresIn = 60) =>
      store.presignPut(key, { expiresIn, contentType: 'image/png', contentLength })
    const send = (url: string, method: string, body?: Buffer, headers: Record<string, string> = {}) =>
      fetch(url, { method, headers, ...(body && { body: new Uint8Array(body) }) })
    const status = async (...request: Parameters<typeof send>) => {
      const reply = await send(...request)
      await reply.arrayBuffer()
      return reply.status
    }
    /** Changes the last character that decides something. */
    const forged = (url: string) =>
      url.replace(/(signature=)(.)/i, (_, name, first) => `${name}${first === 'a' ? 'b' : 'a'}`)

    test('GET is answered with the bytes and with the type and disposition that were signed', async () => {
      const key = `${prefix}ä b (1).png`
      const bytes = randomBytes(MIB)
      const { etag } = await put(key, bytes, 'text/html')
      const { url, method, expires_at } = await signedGet(key)
      expect(method).toBe('GET')
      expect(new Date(expires_at).toISOString()).toBe(expires_at)
      expect(Math.abs(Date.parse(expires_at) - Date.now() - 60_000)).toBeLessThan(20_000)

      const reply = await send(url, 'GET')
      expect(reply.status).toBe(200)
      expect(reply.headers.get('content-type')).toBe('image/png')
      expect(reply.headers.get('content-disposition')).toBe(disposition)
      expect(reply.headers.get('content-length')).toBe(String(MIB))
      expect(reply.headers.get('etag')).toBe(`"${etag}"`)
      expect(sha256(new Uint8Array(await reply.arrayBuffer()))).toBe(sha256(bytes))

      const part = await send(url, 'GET', undefined, { range: 'bytes=10-19' })
      expect(part.status).toBe(206)
      expect(part.headers.get('content-range')).toBe(`bytes 10-19/${MIB}`)
      expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20))
    })

    test('GET of what is not there is a 404', async () => {
      const { url } = await signedGet(`${prefix}nothing`)
      expect(await status(url, 'GET')).toBe(404)
    })

    test('GET is refused with anything changed', async () => {
      const key = `${prefix}object`
      await put(key, Buffer.from('secret'))
      await put(`${prefix}other`, Buffer.from('secret'))
      const { url } = await signedGet(key)
      expect(await status(url, 'GET')).toBe(200)
      expect(await status(forged(url), 'GET')).toBe(403)
      expect(await status(url.replace('/object?', '/other?'), 'GET')).toBe(403)
      expect(await status(url.replace('image%2Fpng', 'text%2Fhtml'), 'GET')).toBe(403)
      expect(await status(url.replace('attachment', 'inline'), 'GET')).toBe(403)
      expect(await status(url.replace(/([?&][\w-]*expires=)\d+/i, '$199999'), 'GET')).toBe(403)
      expect([400, 403]).toContain(await status(url.split('?')[0] ?? '', 'GET'))
      expect(await status(url, 'PUT', Buffer.from('mine'), { 'content-type': 'image/png' })).toBe(403)
      expect(await status(url, 'DELETE')).toBe(403)
      expect((await read(key)).toString()).toBe('secret')
    })

    test('PUT takes exactly so many bytes of that type', async () => {
      const key = `${prefix}ö object`
      const bytes = randomBytes(100_000)
      const { url, method, headers } = await signedPut(key, bytes.length)
      expect(method).toBe('PUT')
      expect(headers).toEqual({ 'Content-Type': 'image/png', 'Content-Length': '100000' })
      const reply = await send(url, method, bytes, headers)
      expect(reply.status).toBe(200)
      expect(reply.headers.get('etag')).toBe(`"${md5(bytes)}"`)
      expect(await read(key)).toEqual(bytes)
      expect(await store.head(key)).toMatchObject({ size: 100_000, contentType: 'image/png' })
    })

    test('PUT is refused with anything changed, and nothing is stored', async () => {
      const key = `${prefix}object`
      const bytes = randomBytes(1000)
      const { url } = await signedPut(key, bytes.length)
      const type = { 'content-type': 'image/png' }
      expect(await status(forged(url), 'PUT', bytes, type)).toBe(403)
      expect(await status(url.replace('/object?', '/other?'), 'PUT', bytes, type)).toBe(403)
      expect(await status(url, 'PUT', bytes.subarray(1), type)).toBe(403)
      expect(await status(url, 'PUT', Buffer.concat([bytes, bytes]), type)).toBe(403)
      expect(await status(url, 'PUT', bytes, { 'content-type': 'text/html' })).toBe(403)
      expect(await status(url, 'PUT', bytes)).toBe(403)
      expect(await status(url, 'GET')).toBe(403)
      expect(await status(url, 'DELETE')).toBe(403)
      await nothingIsLeft(key)
    })

    test('a part takes exactly so many bytes', async () => {
      const key = `${prefix}object`
      const { multipart } = store
      const uploadId = await multipart.create(key, { contentType: 'video/mp4' })
      const [one, two] = [randomBytes(PART), randomBytes(1000)]
      for (const [at, bytes] of [one, two].entries()) {
        const signed = await multipart.presignPart(key, uploadId, at + 1, {
          size: bytes.length,
          expiresIn: 60,
        })
        expect(signed.method).toBe('PUT')
        const reply = await send(signed.url, signed.method, bytes, signed.headers)
        expect(reply.status).toBe(200)
        expect(reply.headers.get('etag')).toBe(`"${md5(bytes)}"`)
      }
      const parts = (await multipart.listParts(key, uploadId)) ?? []
      expect(parts.map(({ size }) => size)).toEqual([PART, 1000])
      await multipart.complete(key, uploadId, parts)
      expect(sha256(await read(key))).toBe(sha256(Buffer.concat([one, two])))
    })

    test('a part is refused with anything changed, and none is stored', async () => {
      const key = `${prefix}object`
      const { multipart } = store
      const uploadId = await multipart.create(key, { contentType: 'video/mp4' })
      const other = await multipart.create(key, { contentType: 'video/mp4' })
      const bytes = randomBytes(1000)
      const { url } = await multipart.presignPart(key, uploadId, 1, { size: 1000, expiresIn: 60 })
      expect(await status(forged(url), 'PUT', bytes)).toBe(403)
      expect(await status(url.replace('/object?', '/other?'), 'PUT', bytes)).toBe(403)
      expect(await status(url, 'PUT', bytes.subarray(1))).toBe(403)
      expect(await status(url, 'PUT', Buffer.concat([bytes, Buffer.alloc(1)]))).toBe(403)
      expect(await status(url.replace('/object?', '/other?'), 'PUT', bytes)).toBe(403)
      expect(await status(url.replace(/(part(number)?=)1\b/i, '$12'), 'PUT', bytes)).toBe(403)
      expect(await status(url.replace(uploadId, other), 'PUT', bytes)).toBe(403)
      expect(await status(url, 'GET')).toBe(403)
      expect(await status(url, 'DELETE')).toBe(403)
      expect(await multipart.listParts(key, uploadId)).toEqual([])
      expect(await multipart.listParts(key, other)).toEqual([])
      expect(await status(url, 'PUT', bytes)).toBe(200)
      await multipart.abort(key, uploadId)
      expect(await status(url, 'PUT', bytes)).toBe(404)
    })

    test('all of them end with their time', async () => {
      const key = `${prefix}object`
      await put(key, Buffer.from('secret'))
      const uploadId = await store.multipart.create(`${prefix}upload`, { contentType: 'video/mp4' })
      const get = await signedGet(key, 1)
      const put2 = await signedPut(`${prefix}another`, 3, 1)
      const part = await store.multipart.presignPart(`${prefix}upload`, uploadId, 1, {
        size: 3,
        expiresIn: 1,
      })
      const refused = (seen: number) => seen === 403
      await until(() => status(get.url, 'GET'), refused)
      await until(() => status(part.url, 'PUT', Buffer.from('abc')), refused)
      expect(Date.parse(get.expires_at)).toBeLessThanOrEqual(Date.now())
      await until(
        () => Date.now(),
        now => now > Date.parse(put2.expires_at) + 1000,
      )
      const type = { 'content-type': 'image/png' }
      expect(await status(put2.url, 'PUT', Buffer.from('abc'), type)).toBe(403)
      expect(await store.head(`${prefix}another`)).toBeNull()
    })
  })

  test('it answers a ping', async () => {
    await expect(store.ping()).resolves.toBeUndefined()
  })
}
