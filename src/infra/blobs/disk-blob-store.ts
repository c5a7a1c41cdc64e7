import { access, constants } from 'node:fs/promises'
import type { KeyRing } from '../../lib/keys.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore } from './blob-store.ts'
import { translateDisk } from './disk-errors.ts'
import { openDiskFolders } from './disk-folders.ts'
import { createDiskMultipart } from './disk-multipart.ts'
import { createDiskObjects } from './disk-objects.ts'
import { createUrlSigner, type UrlSigner } from './url-signer.ts'

export interface DiskBlobStoreOptions {
  /** A folder that no other process uses; made where it is missing. */
  root: string
  keys: KeyRing
  /** Where clients reach `storageRouter`'s parent, without a slash at the end. */
  publicUrl: () => string
}

export interface DiskBlobStore extends BlobStore {
  /** For `storageRouter`, which serves the URLs. */
  readonly urls: UrlSigner
}

/**
 * Objects as files. An object is written to a folder of its own, brought to disk, and appears by one rename,
 * which fails where there is one already. Opening it clears away what a killed process left.
 */
export const createDiskBlobStore = async (options: DiskBlobStoreOptions): Promise<DiskBlobStore> => {
  const folders = await openDiskFolders(options.root)
  const urls = createUrlSigner(options.keys, options.publicUrl)
  const objects = createDiskObjects(folders)
  return {
    kind: 'disk',
    urls,
    ...objects,
    multipart: createDiskMultipart({ folders, urls, head: objects.head }),

    async presignGet(key, { expiresIn, contentType, contentDisposition }) {
      assertKey(key)
      const operation = { method: 'GET', key, contentType, contentDisposition } as const
      return { ...urls.sign(operation, expiresIn), method: 'GET' }
    },

    async presignPut(key, { expiresIn, contentType, contentLength }) {
      assertKey(key)
      const operation = { method: 'PUT', key, contentType, contentLength } as const
      const headers = { 'Content-Type': contentType, 'Content-Length': String(contentLength) }
      return { ...urls.sign(operation, expiresIn), method: 'PUT', headers }
    },

    async ping() {
      await access(folders.blobs, constants.R_OK | constants.W_OK).catch(error => {
        throw translateDisk(error)
      })
    },

    async close() {},
  }
}
