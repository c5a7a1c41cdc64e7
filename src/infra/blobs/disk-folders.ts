import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { assertKey } from './blob-key.ts'
import { translateDisk } from './disk-errors.ts'
import { isErrno, syncFolder } from './durable-files.ts'

/**
 * The disk store's folders, all on one file system:
 *
 * - `blobs/{key}/~/` holds an object as `data` and `meta.json`. The tilde cannot be in a key, so that an object
 *   and objects below its key do not get into each other's way.
 * - `uploads/{upload id}/` holds `meta.json` and the parts that have arrived.
 * - `tmp/` holds what is being written or deleted. It becomes visible, or goes, by one rename.
 */
export interface DiskFolders {
  blobs: string
  uploads: string
  tmp: string
  /** Where an object is. Throws when that is not a key. */
  blob(key: string): string
  /** A new name in `tmp`. */
  temporary(): string
}

export const BLOB = '~'

/** Makes what is missing, and clears away what an earlier process left half-written or half-deleted. */
export const openDiskFolders = async (root: string): Promise<DiskFolders> => {
  const base = resolve(root)
  const [blobs, uploads, tmp] = [join(base, 'blobs'), join(base, 'uploads'), join(base, 'tmp')]
  for (const folder of [blobs, uploads, tmp]) await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const left of await readdir(tmp)) await rm(join(tmp, left), { recursive: true, force: true })
  await syncFolder(base)
  return {
    blobs,
    uploads,
    tmp,
    blob(key) {
      assertKey(key)
      return join(blobs, ...key.split('/'), BLOB)
    },
    temporary: () => join(tmp, randomUUID()),
  }
}

export const BlobMeta = z.object({
  size: z.number(),
  etag: z.string(),
  content_type: z.string(),
  content_disposition: z.string().optional(),
})
export type BlobMeta = z.infer<typeof BlobMeta>

export const UploadMeta = z.object({
  key: z.string(),
  initiated: z.iso.datetime().transform(text => new Date(text)),
  content_type: z.string(),
  content_disposition: z.string().optional(),
})
export type UploadMeta = z.infer<typeof UploadMeta>

/** Null when there is no such folder. */
export const readMeta = async <T>(schema: z.ZodType<T>, folder: string): Promise<T | null> => {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8')))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null
    throw translateDisk(error)
  }
}
