import { createWriteStream } from 'node:fs'
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BlobExists, BlobNotFound, RangeNotSatisfiable } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore, PutOptions } from './blob-store.ts'
import { translateDisk } from './disk-errors.ts'
import { BLOB, BlobMeta, type DiskFolders, readMeta } from './disk-folders.ts'
import { isErrno, moveInto, removeEmptyFolders, syncFolder, takeAway, writeDurably } from './durable-files.ts'
import { metered } from './metered.ts'

type DiskObjects = Pick<BlobStore, 'put' | 'get' | 'head' | 'remove' | 'list'>

export const createDiskObjects = (folders: DiskFolders): DiskObjects => ({
  async put(key, body, options) {
    const path = folders.blob(key)
    // It may fail before anybody reads it.
    body.on('error', () => {})
    try {
      if (await readMeta(BlobMeta, path)) throw new BlobExists(key)
      return await makeObject(folders, key, body, options)
    } finally {
      body.destroy()
    }
  },

  async get(key, { range, signal } = {}) {
    const path = folders.blob(key)
    const meta = await readMeta(BlobMeta, path)
    if (!meta) throw new BlobNotFound(key)
    if (range && range.start >= meta.size) throw new RangeNotSatisfiable(key)
    const file = await open(join(path, 'data')).catch(error => {
      throw isErrno(error, 'ENOENT') ? new BlobNotFound(key) : translateDisk(error)
    })
    if (signal?.aborted) await file.close()
    signal?.throwIfAborted()
    const body = file.createReadStream(range)
    return { ...infoOf(meta), body: signal ? addAbortSignal(signal, body) : body }
  },

  async head(key) {
    const path = folders.blob(key)
    const meta = await readMeta(BlobMeta, path)
    const data = meta && (await statIfThere(join(path, 'data')))
    return data && { ...infoOf(meta), lastModified: data.mtime }
  },

  async remove(key) {
    const path = folders.blob(key)
    await takeAway(path, folders.temporary())
    await removeEmptyFolders(dirname(path), folders.blobs)
  },

  list(prefix) {
    const above = prefix.split('/').slice(0, -1)
    if (above.length > 0) assertKey(above.join('/'))
    return walk(join(folders.blobs, ...above), above.join('/'), prefix)
  },
})

/**
 * Writes the object aside and has it appear under its key.
 * @param given the ETag, where it is not the MD5 of the whole
 * @throws BlobExists
 */
export const makeObject = async (
  folders: DiskFolders,
  key: string,
  body: Readable,
  { contentType, contentDisposition, signal }: PutOptions,
  given?: string,
): Promise<{ size: number; etag: string }> => {
  const folder = folders.temporary()
  try {
    signal?.throwIfAborted()
    await mkdir(folder, { mode: 0o700 })
    const meter = metered()
    await pipeline(body, meter.stream, newFile(join(folder, 'data')), signal ? { signal } : {})
    const meta: BlobMeta = {
      size: meter.size(),
      etag: given ?? meter.md5(),
      content_type: contentType,
      ...(contentDisposition !== undefined && { content_disposition: contentDisposition }),
    }
    await writeDurably(join(folder, 'meta.json'), JSON.stringify(meta))
    await syncFolder(folder)
    if (!(await moveInto(folder, folders.blob(key), folders.blobs))) throw new BlobExists(key)
    return { size: meta.size, etag: meta.etag }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    signal?.throwIfAborted()
    throw translateDisk(error)
  }
}

/** A stream to a new file, on disk when it ends. */
export const newFile = (path: string) => createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })

const infoOf = (meta: BlobMeta) => ({
  size: meta.size,
  etag: meta.etag,
  contentType: meta.content_type,
  contentDisposition: meta.content_disposition,
})

const statIfThere = async (path: string) => {
  try {
    return await stat(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null
    throw translateDisk(error)
  }
}

type Listed = AsyncGenerator<{ key: string; size: number; lastModified: Date }>

/** @param at the folder's own key, empty at the top */
async function* walk(folder: string, at: string, prefix: string): Listed {
  for await (const name of subfolders(folder)) {
    const path = join(folder, name)
    if (name === BLOB) {
      const data = at.startsWith(prefix) && (await statIfThere(join(path, 'data')))
      if (data) yield { key: at, size: data.size, lastModified: data.mtime }
      continue
    }
    const key = at === '' ? name : `${at}/${name}`
    if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walk(path, key, prefix)
  }
}

/** None where there is no such folder (any more). */
async function* subfolders(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder)) {
      if (entry.isDirectory()) yield entry.name
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw translateDisk(error)
  }
}
