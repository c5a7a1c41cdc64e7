import { execFile } from 'node:child_process'
import { rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createFileStore, type FileStore } from '../src/files/file-store.ts'
import { reconcile } from '../src/files/reconciler.ts'
import type { BlobStore } from '../src/infra/blobs/blob-store.ts'
import { createDiskBlobStore } from '../src/infra/blobs/disk-blob-store.ts'
import { createKeyRing } from '../src/lib/keys.ts'
import { startApp, type TestApp } from './support/app.ts'
import { Completed, uploader } from './support/fault-client.ts'
import { type SeededUser, seedInto } from './support/seed.ts'

const HOUR = 3_600_000
const CLI = new URL('../src/reconcile.ts', import.meta.url).pathname
const run = promisify(execFile)

const ORPHANS = ['thumbnails/nobody.jpg', 'user-files/nobody/nothing/a.txt']
const NOTHING = { orphans: [], uploads: [], missing: [] }
/** Not named as ours: somebody else's, in the same bucket. */
const FOREIGN = [
  'backups/a.txt',
  'thumbnails/a/b.jpg',
  'thumbnails/a.png',
  'user-files/a.txt',
  'user-files/a/b',
]

describe('a reconciliation', () => {
  let app: TestApp
  let ann: SeededUser
  let blobs: BlobStore
  let store: FileStore
  /** Files that are there, in every state. */
  let live: string[]

  const put = (key: string) => blobs.put(key, Readable.from(['bytes']), { contentType: 'text/plain' })

  const keys = async () => {
    const found: string[] = []
    for (const prefix of ['user-files/', 'thumbnails/', 'backups/'])
      for await (const { key } of blobs.list(prefix)) found.push(key)
    return found.sort()
  }

  const complete = async (bytes: Buffer<ArrayBuffer>) => {
    const client = uploader(app.url, ann.token)
    const plan = await client.begin(bytes)
    await client.put(plan, 1, bytes)
    return Completed.parse((await client.complete(plan)).body).file.file_id
  }

  const reconcileIn = (hours: number, apply: boolean, stores = { blobs, store }) =>
    reconcile({ ...stores, apply, now: () => Date.now() + hours * HOUR })

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
    ;({ blobs } = app.context.backends)
    store = createFileStore(app.context.backends.dynamo)
    await complete(Buffer.from('ready'))
    const client = uploader(app.url, ann.token)
    const pending = await client.begin(Buffer.alloc(5))
    await client.put(pending, 1, Buffer.alloc(5))
    // Its bytes are there and its record has not moved yet.
    await put((await store.get({ user_id: ann.user_id, file_id: pending.file_id }))?.key ?? '')
    for (const key of FOREIGN) await put(key)
    live = await keys()
    expect(live).toHaveLength(FOREIGN.length + 2)
  })
  afterAll(() => app.close())

  test('lists what no record knows, and removes it only when it is told to', async () => {
    for (const key of ORPHANS) await put(key)
    const all = await keys()
    const found = await reconcileIn(25, false)
    expect({ ...found, orphans: found.orphans.sort() }).toEqual({ ...NOTHING, orphans: ORPHANS })
    expect(await keys()).toEqual(all)
    expect((await reconcileIn(25, true)).orphans.sort()).toEqual(ORPHANS)
    expect(await keys()).toEqual(live)
    expect(await reconcileIn(25, true)).toEqual(NOTHING)
  })

  test('leaves what is younger than a day', async () => {
    for (const key of ORPHANS) await put(key)
    expect(await reconcileIn(23, true)).toEqual(NOTHING)
    expect(await keys()).toEqual([...live, ...ORPHANS].sort())
    expect((await reconcileIn(25, true)).orphans).toHaveLength(2)
  })

  test('lists unfinished uploads that nothing is to become of, and aborts them when it is told to', async () => {
    const { multipart } = blobs
    const begin = (key: string) => multipart.create(key, { contentType: 'text/plain' })
    const keyOf = async (file_id: string) =>
      (await store.get({ user_id: ann.user_id, file_id }))?.key ?? 'no such file'
    const open = async () => {
      const found: string[] = []
      for await (const { key } of multipart.listUploads('')) found.push(key)
      return found.sort()
    }
    const [pending] = await open()
    // The answer to a first try was lost, and a second one was completed.
    const ready = await keyOf(await complete(Buffer.from('twice')))
    const orphans = [ORPHANS[1] ?? '', ready].sort()
    for (const key of [...orphans, 'backups/b.txt']) await begin(key)
    expect(await reconcileIn(23, true)).toEqual(NOTHING)
    const found = await reconcileIn(25, false)
    expect({ ...found, uploads: found.uploads.sort() }).toEqual({ ...NOTHING, uploads: orphans })
    expect(await open()).toEqual([...orphans, 'backups/b.txt', pending].sort())
    expect((await reconcileIn(25, true)).uploads.sort()).toEqual(orphans)
    expect(await open()).toEqual(['backups/b.txt', pending].sort())
    expect(await blobs.head(ready)).not.toBeNull()
    live = await keys()

    // The first look is as if the record were not there yet.
    let looks = 0
    const late: FileStore = { ...store, get: async key => (looks++ === 0 ? null : store.get(key)) }
    expect(await reconcileIn(25, true, { blobs, store: late })).toEqual(NOTHING)
    expect(await open()).toContain(pending)
  })

  test('spares an object whose record appears after it was listed', async () => {
    const file_id = await complete(Buffer.from('late'))
    const key = { user_id: ann.user_id, file_id }
    const file = await store.get(key)
    let looks = 0
    // The first look is as if the record were not there yet.
    const late: FileStore = {
      ...store,
      get: async asked => (asked.file_id === file_id && looks++ === 0 ? null : store.get(asked)),
    }
    expect(await reconcileIn(25, true, { blobs, store: late })).toEqual(NOTHING)
    expect(looks).toBeGreaterThan(1)
    expect(await keys()).toContain(file?.key)
    live = await keys()
  })

  test('tells of ready files without bytes, and keeps their records', async () => {
    const file_id = await complete(Buffer.from('lost'))
    const file = await store.get({ user_id: ann.user_id, file_id })
    await blobs.remove(file?.key ?? '')
    expect(await reconcileIn(25, true)).toEqual({ ...NOTHING, missing: [file_id] })
    expect((await store.get({ user_id: ann.user_id, file_id }))?.status).toBe('ready')
    if (file) await store.markDeleting(file, [])
    expect(await reconcileIn(25, true)).toEqual(NOTHING)
  })
})

test('the command lists, removes, and says what it did', async () => {
  const DATA_DIR = join(tmpdir(), `plaza-reconcile-${process.pid}`)
  const app = await startApp({ DATA_DIR })
  const aws = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, ...aws, ...app.env, DATA_DIR }
  const command = async (...flags: string[]) =>
    (await run(process.execPath, [CLI, ...flags], { env })).stdout.trim().split('\n')
  const [orphan = ''] = ORPHANS
  const UPLOAD = 'user-files/nobody/nothing/b.txt'
  const NONE = '0 records without bytes'
  try {
    // The folder belongs to the service for as long as that runs.
    await expect(command('--dry-run')).rejects.toMatchObject({ code: 1, stdout: '' })
  } finally {
    await app.close()
  }
  try {
    const root = join(DATA_DIR, 'files')
    const keys = createKeyRing('a secret of 32 bytes, or rather more', undefined)
    const blobs = await createDiskBlobStore({ root, keys, publicUrl: () => '' })
    await blobs.put(orphan, Readable.from(['bytes']), { contentType: 'image/jpeg' })
    const uploadId = await blobs.multipart.create(UPLOAD, { contentType: 'text/plain' })
    expect(await command()).toEqual([`0 orphans removed, 0 unfinished uploads aborted, ${NONE}`])
    const old = new Date(Date.now() - 25 * HOUR)
    await utimes(join(root, 'blobs', orphan, '~', 'data'), old, old)
    const begun = { key: UPLOAD, initiated: old.toISOString(), content_type: 'text/plain' }
    await writeFile(join(root, 'uploads', uploadId, 'meta.json'), JSON.stringify(begun))
    expect(await command('--dry-run')).toEqual([
      `orphan ${orphan}`,
      `unfinished ${UPLOAD}`,
      `1 orphan found, 1 unfinished upload found, ${NONE}`,
    ])
    expect(await blobs.head(orphan)).not.toBeNull()
    expect(await command()).toEqual([
      `removed ${orphan}`,
      `aborted ${UPLOAD}`,
      `1 orphan removed, 1 unfinished upload aborted, ${NONE}`,
    ])
    expect(await blobs.head(orphan)).toBeNull()
    expect(await blobs.multipart.listParts(UPLOAD, uploadId)).toBeNull()
    await expect(command('--dry')).rejects.toMatchObject({ stderr: expect.stringContaining('Usage') })
  } finally {
    await rm(DATA_DIR, { recursive: true, force: true })
  }
})
