import { randomUUID } from 'node:crypto'
import { mkdir, opendir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BlobExists, PartMismatch, UploadNotFound } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore, CompletedPart, MultipartUploads } from './blob-store.ts'
import { translateDisk } from './disk-errors.ts'
import { type DiskFolders, readMeta, UploadMeta } from './disk-folders.ts'
import { makeObject, newFile } from './disk-objects.ts'
import { concatenated, distinct, partName, readPartFiles } from './disk-parts.ts'
import { isErrno, moveInto, syncFolder, takeAway, writeDurably } from './durable-files.ts'
import { inOrder, multipartEtag } from './etag.ts'
import { createKeyedLock } from './keyed-lock.ts'
import { metered } from './metered.ts'
import type { UrlSigner } from './url-signer.ts'

interface Parts {
  folders: DiskFolders
  urls: UrlSigner
  head: BlobStore['head']
}

const UPLOAD_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** S3's own limits, so that what works here works there (the AWS S3 User Guide, "Multipart upload limits"). */
const MOST_PARTS = 10_000
const SMALLEST_PART = 5 * 1024 * 1024

export const createDiskMultipart = ({ folders, urls, head }: Parts): MultipartUploads => {
  /** One at a time may change an upload's folder. Only this process does. */
  const alone = createKeyedLock()

  /** The upload's folder and what it was begun with; null when there is none of that id for that key. */
  const find = async (key: string, uploadId: string) => {
    assertKey(key)
    if (!UPLOAD_ID.test(uploadId)) return null
    const folder = join(folders.uploads, uploadId)
    const meta = await readMeta(UploadMeta, folder)
    return meta?.key === key ? { folder, meta } : null
  }

  /** The part is acknowledged when it is there, alone of its number and on disk. */
  const install = async (folder: string, file: string, name: string) => {
    await rename(file, join(folder, name))
    const number = name.slice(0, 'part-00000'.length)
    for (const other of (await readPartFiles(folder)) ?? []) {
      if (other.name !== name && other.name.startsWith(number)) await rm(join(folder, other.name))
    }
    await syncFolder(folder)
  }

  /** Those files that the client means, in order. */
  const chosen = async (folder: string, parts: readonly CompletedPart[]) => {
    const arrived = new Map(
      distinct((await readPartFiles(folder)) ?? []).map(file => [file.part_number, file]),
    )
    return parts.map(({ part_number, etag }, at) => {
      const file = arrived.get(part_number)
      if (file?.etag !== etag) throw new PartMismatch(`part ${part_number} with that ETag has not arrived`)
      if (parts[at - 1]?.part_number === part_number)
        throw new PartMismatch(`part ${part_number} is told twice`)
      if (file.size < SMALLEST_PART && at < parts.length - 1)
        throw new PartMismatch(`part ${part_number} is smaller than ${SMALLEST_PART} bytes and not the last`)
      return join(folder, file.name)
    })
  }

  const discard = async (folder: string) => {
    await takeAway(folder, folders.temporary())
  }

  /**
   * Each step leaves what the next call needs: the parts stay until the object is there, and an object that was
   * made of these parts is the one that was to be made.
   */
  const complete = async (key: string, uploadId: string, parts: CompletedPart[]) => {
    const upload = await find(key, uploadId)
    const etag = multipartEtag(parts)
    const there = await head(key)
    if (there?.etag === etag) {
      if (upload) await discard(upload.folder)
      return { size: there.size, etag }
    }
    if (!upload) throw new UploadNotFound(uploadId)
    const files = await chosen(upload.folder, parts)
    if (there) throw new BlobExists(key)
    const { content_type: contentType, content_disposition: contentDisposition } = upload.meta
    const made = await makeObject(
      folders,
      key,
      concatenated(files),
      { contentType, contentDisposition },
      etag,
    )
    await discard(upload.folder)
    return made
  }

  return {
    async create(key, { contentType, contentDisposition }) {
      assertKey(key)
      const uploadId = randomUUID()
      const folder = folders.temporary()
      const meta: { [Field in keyof UploadMeta]: string | undefined } = {
        key,
        initiated: new Date().toISOString(),
        content_type: contentType,
        content_disposition: contentDisposition,
      }
      try {
        await mkdir(folder, { mode: 0o700 })
        await writeDurably(join(folder, 'meta.json'), JSON.stringify(meta))
        await syncFolder(folder)
        await moveInto(folder, join(folders.uploads, uploadId), folders.uploads)
        return uploadId
      } catch (error) {
        await rm(folder, { recursive: true, force: true })
        throw translateDisk(error)
      }
    },

    async uploadPart(key, uploadId, partNumber, body, size, signal) {
      // It may fail before anybody reads it.
      body.on('error', () => {})
      const file = folders.temporary()
      try {
        if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MOST_PARTS)
          throw new PartMismatch(`parts have numbers from 1 to ${MOST_PARTS}`)
        signal?.throwIfAborted()
        const upload = await find(key, uploadId)
        if (!upload) throw new UploadNotFound(uploadId)
        const meter = metered(size)
        await pipeline(body, meter.stream, newFile(file), signal ? { signal } : {})
        const etag = meter.md5()
        const name = partName({ part_number: partNumber, size, etag })
        await alone(uploadId, () => install(upload.folder, file, name)).catch(error => {
          // Aborted or completed meanwhile.
          throw isErrno(error, 'ENOENT') ? new UploadNotFound(uploadId, { cause: error }) : error
        })
        return { etag }
      } catch (error) {
        await rm(file, { force: true })
        signal?.throwIfAborted()
        throw translateDisk(error)
      } finally {
        body.destroy()
      }
    },

    async presignPart(key, uploadId, partNumber, { size, expiresIn }) {
      assertKey(key)
      const operation = { method: 'PUT', key, uploadId, partNumber, contentLength: size } as const
      return {
        ...urls.sign(operation, expiresIn),
        method: 'PUT',
        headers: { 'Content-Length': String(size) },
      }
    },

    async listParts(key, uploadId) {
      const upload = await find(key, uploadId)
      const files = upload && (await readPartFiles(upload.folder))
      return files && distinct(files).map(({ part_number, etag, size }) => ({ part_number, etag, size }))
    },

    async complete(key, uploadId, parts) {
      assertKey(key)
      if (parts.length === 0) throw new PartMismatch('an object needs at least one part')
      return alone(uploadId, () => complete(key, uploadId, inOrder(parts)))
    },

    async abort(key, uploadId) {
      await alone(uploadId, async () => {
        const upload = await find(key, uploadId)
        if (upload) await discard(upload.folder)
      })
    },

    async *listUploads(prefix) {
      for await (const { name: uploadId } of await opendir(folders.uploads)) {
        const meta = await readMeta(UploadMeta, join(folders.uploads, uploadId))
        if (meta?.key.startsWith(prefix)) yield { key: meta.key, uploadId, initiated: meta.initiated }
      }
    },
  }
}
