import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Readable, Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { createPartReader } from '../src/infra/blobs/part-reader.ts'
import { createS3BlobStore } from '../src/infra/blobs/s3-blob-store.ts'
import { createLogger } from '../src/infra/logger.ts'
import { blobStoreContract, collect, MIB, streamOf } from './contracts/blob-store.ts'
import { startTestS3 } from './support/swift.ts'

const s3 = await startTestS3()
afterAll(() => s3?.stop())

const logger = createLogger('silent')
const Port = z.object({ port: z.number() })

/** Stands between the store and its server, and may hold back or change what goes to the server. */
const startProxy = async (
  target: string,
  pass: (chunk: Buffer) => Buffer | Promise<Buffer> = chunk => chunk,
) => {
  const sockets = new Set<Socket>()
  const counted = { passed: 0 }
  const proxy = createServer(near => {
    const far = connect(Number(new URL(target).port), new URL(target).hostname)
    const through = new Transform({
      async transform(chunk: Buffer, _encoding, done) {
        const passed = await pass(chunk)
        counted.passed += passed.length
        done(null, passed)
      },
    })
    near.pipe(through).pipe(far).pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => [near, far].map(each => each.destroy()))
    }
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    endpoint: `http://127.0.0.1:${Port.parse(proxy.address()).port}`,
    counted,
    cut: () => [...sockets].map(socket => socket.destroy()),
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

if (s3) {
  const { bucket, endpoint, region, credentials } = s3
  describe(`the blob store on S3 (${s3.name})`, () => {
    blobStoreContract({
      open: async () => createS3BlobStore({ bucket, endpoint, region, credentials, logger }),
      openInProcess: () => `
        const { createS3BlobStore } = await import(${JSON.stringify(new URL('../src/infra/blobs/s3-blob-store.ts', import.meta.url).href)})
        const { createLogger } = await import(${JSON.stringify(new URL('../src/infra/logger.ts', import.meta.url).href)})
        const options = ${JSON.stringify({ bucket, endpoint, region, credentials })}
        const store = createS3BlobStore({ ...options, logger: createLogger('silent') })`,
      ...(s3.name === 'Swift' && {
        cannot: { arbitrate: 'Swift has no conditional PUT, and looks only at the start of completing' },
      }),
    })
  })

  describe('the S3 store and its server', () => {
    const undo: (() => unknown)[] = []
    afterEach(async () => {
      for (const step of undo.splice(0).reverse()) await step()
    })
    const openAt = (at: string, log = logger) => {
      const store = createS3BlobStore({ bucket, endpoint: at, region, credentials, logger: log })
      undo.push(store.close)
      return store
    }
    const through = async (pass?: (chunk: Buffer) => Buffer | Promise<Buffer>) => {
      const proxy = await startProxy(endpoint, pass)
      undo.push(proxy.close)
      return { proxy, store: openAt(proxy.endpoint) }
    }
    const key = () => `user-files/${crypto.randomUUID()}`
    const contentType = 'video/mp4'
    const unavailable = expect.objectContaining({ status: 503, code: 'unavailable' })

    /** So many bytes, and how many of them were pulled and had not passed `passed` yet, at the most. */
    const observed = (size: number, passed: () => number) => {
      const chunk = Buffer.alloc(64 * 1024, 'plaza')
      const seen = { pulled: 0, held: 0 }
      const body = new Readable({
        read() {
          seen.held = Math.max(seen.held, seen.pulled - passed())
          this.push(seen.pulled < size ? chunk : null)
          seen.pulled += chunk.length
        },
      })
      return { body, seen }
    }
    const slowly = async (chunk: Buffer) => {
      for (let turns = 0; turns < 20; turns++) await turn()
      return chunk
    }

    test('of what the server does not take at once, a put holds a part and not more', async () => {
      const { proxy, store } = await through(slowly)
      const { body, seen } = observed(48 * MIB, () => proxy.counted.passed)
      const name = key()
      expect(await store.put(name, body, { contentType })).toMatchObject({ size: 48 * MIB })
      expect(seen.held).toBeLessThan(24 * MIB)
      await store.remove(name)
    })

    test('a put reads part by part, also where parts grow and chunks are larger than they', async () => {
      const bytes = randomBytes(3 * MIB)
      for (const chunk of [1000, 300_000, 2 * MIB, 4 * MIB]) {
        const reader = createPartReader(
          Readable.from(
            Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) =>
              bytes.subarray(at * chunk, (at + 1) * chunk),
            ),
          ),
        )
        const parts: Buffer[] = []
        for (let last = false; !last; ) {
          const part = await reader.next(100_000 * (parts.length + 1))
          parts.push(Buffer.from(part.bytes))
          last = part.last
        }
        expect(Buffer.concat(parts).equals(bytes)).toBe(true)
        expect(parts.slice(0, -1).every((part, at) => part.length === 100_000 * (at + 1))).toBe(true)
        expect(reader.size()).toBe(bytes.length)
      }
    })

    test('a part is streamed, and held nowhere', async () => {
      const { proxy, store } = await through(slowly)
      const name = key()
      const uploadId = await store.multipart.create(name, { contentType })
      const { body, seen } = observed(48 * MIB, () => proxy.counted.passed)
      await store.multipart.uploadPart(name, uploadId, 1, body, 48 * MIB)
      // The kernel's own buffers, on both ends of two connections.
      expect(seen.held).toBeLessThan(24 * MIB)
      await store.multipart.abort(name, uploadId)
    })

    test.each([1000, 20 * MIB])('%i bytes that are harmed on their way are refused', async size => {
      let harming = true
      const { store } = await through(chunk => {
        const at = chunk.indexOf('plazaplazaplaza')
        if (at < 0 || !harming) return chunk
        return Buffer.concat([chunk.subarray(0, at), Buffer.from('P'), chunk.subarray(at + 1)])
      })
      const name = key()
      const bytes = Buffer.alloc(size, 'plaza')
      await expect(store.put(name, streamOf(bytes), { contentType })).rejects.toEqual(unavailable)
      expect(await store.head(name)).toBeNull()
      expect(await collect(store.multipart.listUploads(name))).toEqual([])

      const uploadId = await store.multipart.create(name, { contentType })
      const part = () => store.multipart.uploadPart(name, uploadId, 1, streamOf(bytes), size)
      await expect(part()).rejects.toEqual(unavailable)
      harming = false
      await part()
      await store.multipart.abort(name, uploadId)
    })

    test('a connection that is cut in the midst of reading is an error of the stream', async () => {
      const { proxy, store } = await through()
      const name = key()
      await store.put(name, streamOf(Buffer.alloc(20 * MIB)), { contentType })
      const { body } = await store.get(name)
      await once(body, 'readable')
      proxy.cut()
      await expect(buffer(body)).rejects.toThrow()
      await openAt(endpoint).remove(name)
    })

    test('a server that is away makes every call unavailable', async () => {
      const { proxy, store } = await through()
      const name = key()
      await store.ping()
      proxy.close()
      const bodies = [streamOf(Buffer.alloc(20 * MIB)), streamOf(Buffer.alloc(20 * MIB))] as const
      const outcomes = await Promise.allSettled([
        store.put(name, bodies[0], { contentType }),
        store.get(name),
        store.head(name),
        store.remove(name),
        collect(store.list(name)),
        store.ping(),
        store.multipart.create(name, { contentType }),
        store.multipart.uploadPart(name, 'id', 1, bodies[1], 20 * MIB),
        store.multipart.listParts(name, 'id'),
        store.multipart.complete(name, 'id', [{ part_number: 1, etag: '00' }]),
        store.multipart.abort(name, 'id'),
        collect(store.multipart.listUploads(name)),
      ])
      for (const outcome of outcomes) expect(outcome).toEqual({ status: 'rejected', reason: unavailable })
      expect(bodies.map(body => body.destroyed)).toEqual([true, true])
    })

    test('a bucket that does not exist is told by the ping', async () => {
      const store = createS3BlobStore({ bucket: 'no-such-bucket', endpoint, region, credentials, logger })
      undo.push(store.close)
      await expect(store.ping()).rejects.toThrow()
    })

    const onSwift = s3.name === 'Swift' ? test : test.skip
    onSwift('what the server does not implement is told once for each command', async () => {
      const lines: { command: string; fields: string[] }[] = []
      const store = openAt(
        endpoint,
        createLogger('warn', { write: line => void lines.push(JSON.parse(line)) }),
      )
      const name = key()
      for (let round = 0; round < 2; round++) {
        await store.put(name, streamOf(Buffer.alloc(9 * MIB)), { contentType })
        await store.remove(name)
        await store.put(name, streamOf(Buffer.alloc(9)), { contentType })
        await store.remove(name)
      }
      expect(lines.map(({ command, fields }) => [command, ...fields])).toEqual([
        ['CreateMultipartUploadCommand', 'ServerSideEncryption'],
        ['PutObjectCommand', 'ServerSideEncryption', 'IfNoneMatch'],
      ])
    })
  })
} else {
  test.skip('the blob store on S3 (no server to be had)', () => {})
}
