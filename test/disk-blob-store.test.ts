import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import express from 'express'
import { z } from 'zod'
import { problemHandler } from '../src/http/problem.ts'
import { requestLog } from '../src/http/request-log.ts'
import { storageRouter } from '../src/http/storage-router.ts'
import { createDiskBlobStore, type DiskBlobStore } from '../src/infra/blobs/disk-blob-store.ts'
import { createLogger } from '../src/infra/logger.ts'
import { createKeyRing } from '../src/lib/keys.ts'
import { blobStoreContract, collect, MIB, sha256, streamOf } from './contracts/blob-store.ts'
import { rounds } from './support/heavy.ts'
import { until } from './support/until.ts'

const SECRET = 'only-for-tests-0123456789-0123456789-0123456789'
const keys = createKeyRing(SECRET)
/** Shorter than in production; nothing else is other there. */
const IDLE_MS = 100
const Port = z.object({ port: z.number() })

let root: string
let server: Server
let url: string
const openAt = (folder: string, ring = keys) =>
  createDiskBlobStore({ root: folder, keys: ring, publicUrl: () => url })
const open = () => openAt(root)

/** Statements of a module that leave a store on the folder in `store`. */
const openInProcess = (folder: string) => {
  const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  return `
    const { createDiskBlobStore } = await import(${module('../src/infra/blobs/disk-blob-store.ts')})
    const { createKeyRing } = await import(${module('../src/lib/keys.ts')})
    const keys = createKeyRing(${JSON.stringify(SECRET)})
    const store = await createDiskBlobStore({ root: ${JSON.stringify(folder)}, keys, publicUrl: () => '' })`
}

const serve = async (store: DiskBlobStore) => {
  const app = express()
  app.use(
    requestLog(createLogger('silent')),
    express.Router().use('/storage', storageRouter(store)),
    express.Router().use('/impatient', storageRouter(store, IDLE_MS)),
    problemHandler(createLogger('silent')),
  )
  server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${Port.parse(server.address()).port}`
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'plaza-blobs-'))
  await serve(await open())
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(root, { recursive: true })
})

describe('the blob store on disk', () => {
  blobStoreContract({ open, openInProcess: () => openInProcess(root) })
})

describe('its folder', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plaza-blobs-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('what an earlier process left half-written or half-deleted is cleared away at start', async () => {
    await openAt(folder)
    await mkdir(join(folder, 'tmp', 'half'), { recursive: true })
    await writeFile(join(folder, 'tmp', 'half', 'data'), 'half')
    const store = await openAt(folder)
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
    expect(await collect(store.list(''))).toEqual([])
  })

  test('when the last object goes, no folder stays', async () => {
    const store = await openAt(folder)
    await store.put('a/b/c', streamOf(Buffer.from('c')), { contentType: 'text/plain' })
    await store.put('a/d', streamOf(Buffer.from('d')), { contentType: 'text/plain' })
    await store.remove('a/b/c')
    expect(await readdir(join(folder, 'blobs', 'a'))).toEqual(['d'])
    await store.remove('a/d')
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  })

  test('objects come and go beside each other without getting in the way of one another', async () => {
    const store = await openAt(folder)
    const visits = Array.from({ length: 20 }, async (_, at) => {
      const key = `x/y/${at % 4}/${at}`
      for (let round = 0; round < rounds(10, 4); round++) {
        await store.put(key, streamOf(Buffer.from(`${round}`)), { contentType: 'text/plain' })
        expect((await buffer((await store.get(key)).body)).toString()).toBe(`${round}`)
        await store.remove(key)
      }
    })
    await Promise.all(visits)
    expect(await readdir(join(folder, 'blobs'))).toEqual([])
  })

  test('a put holds next to nothing of what it has read and not yet written', async () => {
    const store = await openAt(folder)
    const tmp = join(folder, 'tmp')
    const onDisk = () => {
      const [writing] = readdirSync(tmp)
      return writing === undefined
        ? 0
        : (statSync(join(tmp, writing, 'data'), { throwIfNoEntry: false })?.size ?? 0)
    }
    const chunk = randomBytes(64 * 1024)
    let pulled = 0
    let held = 0
    const body = new Readable({
      read() {
        held = Math.max(held, pulled - onDisk())
        pulled += chunk.length
        this.push(pulled > 16 * MIB ? null : chunk)
      },
    })
    expect(await store.put('large', body, { contentType: 'video/mp4' })).toMatchObject({ size: 16 * MIB })
    expect(held).toBeLessThan(2 * MIB)
    await store.remove('large')
  })

  const sizeOf = (...path: string[]) => statSync(join(folder, ...path), { throwIfNoEntry: false })?.size ?? 0
  const written = () => {
    const names = readdirSync(join(folder, 'tmp'))
    return names.length === 0 ? -1 : Math.max(...names.map(name => sizeOf('tmp', name, 'data')))
  }

  test.each<[string, () => boolean]>([
    ['before it has written anything', () => written() >= 0],
    ['half-way', () => written() > 10 * MIB],
    ['when the object appears', () => sizeOf('blobs', 'film', '~', 'meta.json') > 0],
  ])('completing an upload may be killed %s, and is repeated', async (_, reached) => {
    const first = await openAt(folder)
    const uploadId = await first.multipart.create('film', { contentType: 'video/mp4' })
    const pieces = Array.from({ length: 5 }, () => randomBytes(5 * MIB))
    for (const [at, piece] of pieces.entries())
      await first.multipart.uploadPart('film', uploadId, at + 1, streamOf(piece), piece.length)
    const parts = (await first.multipart.listParts('film', uploadId)) ?? []

    const script = `${openInProcess(folder)}
      console.log('completing')
      await store.multipart.complete('film', '${uploadId}', ${JSON.stringify(parts)})`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    try {
      await once(child.stdout, 'data')
      // It may be too quick for us. Then it is repeated all the same.
      await until(reached, seen => seen || child.exitCode !== null)
    } finally {
      child.kill('SIGKILL')
      await closed
    }

    const store = await openAt(folder)
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
    const size = 25 * MIB
    expect(await store.multipart.complete('film', uploadId, parts)).toMatchObject({ size })
    const { body } = await store.get('film')
    expect(sha256(await buffer(body))).toBe(sha256(Buffer.concat(pieces)))
    expect(await collect(store.multipart.listUploads(''))).toEqual([])
    expect(await readdir(join(folder, 'uploads'))).toEqual([])
    await store.remove('film')
  })
})

describe('the URLs of the disk store', () => {
  const bytes = Buffer.from('0123456789')
  const name = randomBytes(8).toString('hex')
  const key = `${name}/object`
  let store: DiskBlobStore
  let signed: string
  const options = { expiresIn: 60, contentType: 'text/plain', contentDisposition: 'inline' }

  beforeAll(async () => {
    store = await open()
    await store.put(key, streamOf(bytes), { contentType: 'text/html' })
    signed = (await store.presignGet(key, options)).url
  })
  const get = async (headers: Record<string, string> = {}, method = 'GET') => {
    const reply = await fetch(signed, { method, headers })
    return { status: reply.status, headers: reply.headers, text: await reply.text() }
  }
  const problem = async (reply: Promise<Response>) => {
    const { status, headers, ...rest } = await reply
    const body = z.object({ code: z.string() }).parse(await (await reply).json())
    return { ...rest, status, type: headers.get('content-type'), code: body.code }
  }
  const refused = (status: number, code: string) => ({
    status,
    code,
    type: 'application/problem+json',
  })

  test('what they serve runs no scripts, is not sniffed and keeps exactly the type that was signed', async () => {
    const { headers } = await get()
    expect(headers.get('content-type')).toBe('text/plain')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toMatch(/^sandbox;default-src 'none';/)
    expect(headers.get('accept-ranges')).toBe('bytes')
  })

  test('HEAD tells what GET would', async () => {
    const { status, headers, text } = await get({}, 'HEAD')
    expect([status, headers.get('content-length'), text]).toEqual([200, '10', ''])
  })

  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=8-1000', '89', 'bytes 8-9/10'],
  ])('the range %s is %s', async (range, text, contentRange) => {
    const reply = await get({ range })
    expect(reply).toMatchObject({ status: 206, text })
    expect(reply.headers.get('content-range')).toBe(contentRange)
  })

  test.each(['bytes=0-1,4-5', 'lines=1-2', 'bytes=', 'nonsense'])(
    'the range %s gets the whole',
    async range => {
      expect(await get({ range })).toMatchObject({ status: 200, text: '0123456789' })
    },
  )

  test('a range past the end is a 416 that tells the size', async () => {
    const reply = await fetch(signed, { headers: { range: 'bytes=10-' } })
    expect(reply.headers.get('content-range')).toBe('bytes */10')
    expect(await problem(Promise.resolve(reply))).toMatchObject({
      status: 416,
      code: 'range_not_satisfiable',
    })
  })

  test('conditions are kept', async () => {
    const etag = (await get()).headers.get('etag') ?? ''
    expect(await get({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '' })
    expect(await get({ 'if-none-match': '"another"' })).toMatchObject({ status: 200 })
    expect(await get({ range: 'bytes=1-2', 'if-range': etag })).toMatchObject({ status: 206, text: '12' })
    expect(await get({ range: 'bytes=1-2', 'if-range': '"another"' })).toMatchObject({ status: 200 })
  })

  test('a problem says what is wrong', async () => {
    const mismatch = refused(403, 'signature_mismatch')
    expect(await problem(fetch(`${signed}x`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${signed}&expires=99999999999`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${signed}&more=1`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${url}/storage/`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${url}/storage/${name}`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${url}/storage/${name}/`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${url}/storage/%ff`))).toMatchObject(mismatch)
    expect(await problem(fetch(`${url}/storage/..%2f..%2f..%2fetc%2fpasswd`))).toMatchObject(mismatch)
    const past = (await store.presignGet(key, { ...options, expiresIn: -2 })).url
    expect(await problem(fetch(past))).toMatchObject(refused(403, 'url_expired'))
    const nothing = (await store.presignGet(`${name}/nothing`, options)).url
    expect(await problem(fetch(nothing))).toMatchObject(refused(404, 'not_found'))
  })

  test('they hold through a rotation of the secret, and not with another one', async () => {
    const other = 'another-secret-0123456789-0123456789-0123456789-01'
    const folder = await mkdtemp(join(tmpdir(), 'plaza-blobs-'))
    const { searchParams } = new URL(signed)
    const rotated = await openAt(folder, createKeyRing(other, SECRET))
    expect(rotated.urls.verify('GET', key, searchParams)).toMatchObject({ method: 'GET', key })
    const foreign = await openAt(folder, createKeyRing(other))
    expect(foreign.urls.verify('GET', key, searchParams)).toBeNull()
    await rm(folder, { recursive: true })
  })

  /** Over a connection of its own, with nothing added by a client. */
  const sendRaw = (target: string, headers: Record<string, string>) => {
    const { hostname, port, pathname, search } = new URL(target)
    return request({ host: hostname, port, path: pathname + search, method: 'PUT', headers, agent: false })
  }

  test('PUT without a length is a 411', async () => {
    const put = await store.presignPut(`${name}/put`, { expiresIn: 60, contentType: 'a/b', contentLength: 3 })
    const sent = sendRaw(put.url, { 'transfer-encoding': 'chunked', 'content-type': 'a/b' })
    sent.end('abc')
    const [reply] = await once(sent, 'response')
    expect([reply.statusCode, JSON.parse((await buffer(reply)).toString()).code]).toEqual([
      411,
      'length_required',
    ])
    expect(await store.head(`${name}/put`)).toBeNull()
  })

  test('PUT twice keeps the first', async () => {
    const put = await store.presignPut(`${name}/twice`, {
      expiresIn: 60,
      contentType: 'a/b',
      contentLength: 3,
    })
    const send = (body: string) => fetch(put.url, { method: 'PUT', headers: put.headers, body })
    expect((await send('one')).status).toBe(200)
    expect(await problem(send('two'))).toMatchObject(refused(409, 'already_exists'))
    expect((await buffer((await store.get(`${name}/twice`)).body)).toString()).toBe('one')
  })

  test('a large body that is not wanted is answered all the same', async () => {
    const body = randomBytes(20 * MIB)
    const { multipart } = store
    const uploadId = await multipart.create(`${name}/large`, { contentType: 'a/b' })
    const { url: part } = await multipart.presignPart(`${name}/large`, uploadId, 1, {
      size: body.length,
      expiresIn: 60,
    })
    await multipart.abort(`${name}/large`, uploadId)
    expect(await problem(fetch(part, { method: 'PUT', body }))).toMatchObject(refused(404, 'not_found'))
  })

  test('a body that comes to a halt is given up, and nothing is left', async () => {
    const put = await store.presignPut(`${name}/idle`, {
      expiresIn: 60,
      contentType: 'a/b',
      contentLength: MIB,
    })
    const sent = sendRaw(put.url.replace('/storage/', '/impatient/'), put.headers)
    sent.on('error', () => {})
    sent.write(randomBytes(100_000))
    const [reply] = await once(sent, 'response')
    expect([reply.statusCode, reply.headers.connection]).toEqual([408, 'close'])
    sent.destroy()
    expect(await readdir(join(root, 'tmp'))).toEqual([])
    expect(await store.head(`${name}/idle`)).toBeNull()
  })

  test('a client that goes away in the midst of a body leaves nothing', async () => {
    const put = await store.presignPut(`${name}/gone`, {
      expiresIn: 60,
      contentType: 'a/b',
      contentLength: MIB,
    })
    const tmp = join(root, 'tmp')
    const sent = sendRaw(put.url, { 'content-length': String(MIB), 'content-type': 'a/b' })
    sent.on('error', () => {})
    sent.write(randomBytes(100_000))
    await until(
      () => readdir(tmp),
      names => names.length > 0,
    )
    sent.destroy()
    await until(
      () => readdir(tmp),
      names => names.length === 0,
    )
    expect(await store.head(`${name}/gone`)).toBeNull()
  })
})
