import type { BlobStore } from '../infra/blobs/blob-store.ts'
import { type FileRecord, thumbnailKey } from './file.ts'
import type { FileStore } from './file-store.ts'

/** What a reconciliation found. Keys and ids, in no order. */
export interface Findings {
  /** Objects older than a day that no record knows. Removed when `apply` says so. */
  orphans: string[]
  /** Ready files whose bytes are not in the store: nothing can be done for them here. */
  missing: string[]
}

/** Younger objects may belong to an upload whose record is being written, or to a job that is at work. */
const GRACE_MS = 24 * 3_600_000

const FILE_KEY = /^user-files\/([^/]+)\/([^/]+)\/[^/]+$/
const THUMBNAIL_KEY = /^thumbnails\/([^/]+)\.jpg$/

interface Options {
  store: FileStore
  blobs: BlobStore
  /** Remove the orphans, instead of only telling of them. */
  apply: boolean
  now?: () => number
}

/** Whether an object is one that some record, whatever its status, knows as its own. */
const isKnown = async (store: FileStore, key: string) => {
  const file = FILE_KEY.exec(key)
  if (file) {
    const [, user_id = '', file_id = ''] = file
    return (await store.get({ user_id, file_id }))?.key === key
  }
  const file_id = THUMBNAIL_KEY.exec(key)?.[1]
  // What is not named as ours is not ours to judge.
  if (file_id === undefined) return true
  const user_id = await store.ownerOf(file_id)
  return user_id !== null && (await store.get({ user_id, file_id })) !== null
}

const bytesOf = async (blobs: BlobStore, file: FileRecord) => {
  const keys = [file.key, ...(file.thumbnail === 'ready' ? [thumbnailKey(file.file_id)] : [])]
  const heads = await Promise.all(keys.map(key => blobs.head(key)))
  return heads.every(head => head !== null)
}

/** Objects without a record; looked up again immediately before each is removed. */
const findOrphans = async ({ store, blobs, apply, now = Date.now }: Options): Promise<string[]> => {
  const orphans: string[] = []
  for (const prefix of ['user-files/', 'thumbnails/']) {
    for await (const { key, lastModified } of blobs.list(prefix)) {
      if (now() - lastModified.getTime() < GRACE_MS || (await isKnown(store, key))) continue
      if (apply) {
        if (await isKnown(store, key)) continue
        await blobs.remove(key)
      }
      orphans.push(key)
    }
  }
  return orphans
}

/** Ready files without bytes; looked up again, since one may be deleted after its page was read. */
const findMissing = async ({ store, blobs }: Options): Promise<string[]> => {
  const missing: string[] = []
  for await (const file of store.all()) {
    if (file.status !== 'ready' || (await bytesOf(blobs, file))) continue
    if ((await store.get(file))?.status === 'ready') missing.push(file.file_id)
  }
  return missing
}

/**
 * Holds the store against the records, page by page. What is younger than a day is never touched: a clean-up that
 * removes live files is worse than none.
 */
export const reconcile = async (options: Options): Promise<Findings> => ({
  orphans: await findOrphans(options),
  missing: await findMissing(options),
})
