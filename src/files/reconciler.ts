import type { BlobStore } from '../infra/blobs/blob-store.ts'
import { type FileRecord, thumbnailKey } from './file.ts'
import type { FileStore } from './file-store.ts'

/** What a reconciliation found. Keys and ids, in no order. */
export interface Findings {
  /** Objects older than a day that no record knows. Removed when `apply` says so. */
  orphans: string[]
  /** Keys of unfinished uploads older than a day that no record waits for. Aborted when `apply` says so. */
  uploads: string[]
  /** Ready files whose bytes are not in the store: nothing can be done for them here. */
  missing: string[]
}

/** Younger ones may belong to an upload whose record is being written, or to a job that is at work. */
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

/** What is named as ours; the rest of a bucket is not ours to judge. */
const PREFIXES = ['user-files/', 'thumbnails/']

/** The record that has a key as its own or its thumbnail's, whatever its status. Undefined: the key is not ours. */
const recordOf = async (store: FileStore, key: string): Promise<FileRecord | null | undefined> => {
  const file = FILE_KEY.exec(key)
  if (file) {
    const [, user_id = '', file_id = ''] = file
    const record = await store.get({ user_id, file_id })
    return record?.key === key ? record : null
  }
  const file_id = THUMBNAIL_KEY.exec(key)?.[1]
  if (file_id === undefined) return undefined
  const user_id = await store.ownerOf(file_id)
  return user_id === null ? null : store.get({ user_id, file_id })
}

const isOrphan = async (store: FileStore, key: string) => (await recordOf(store, key)) === null

/** Nothing more is to come of a file that is ready; of any other its record's own job takes them away. */
const isOrphanUpload = async (store: FileStore, key: string) => {
  const record = await recordOf(store, key)
  return record === null || record?.status === 'ready'
}

const bytesOf = async (blobs: BlobStore, file: FileRecord) => {
  const keys = [file.key, ...(file.thumbnail === 'ready' ? [thumbnailKey(file.file_id)] : [])]
  const heads = await Promise.all(keys.map(key => blobs.head(key)))
  return heads.every(head => head !== null)
}

interface Found {
  key: string
  /** When it came to be. */
  since: Date
  remove(): Promise<void>
}

/** Of what was found in the store, those that nobody knows; looked up again immediately before each is removed. */
const strays = async (
  { apply, now = Date.now }: Options,
  found: AsyncIterable<Found>,
  isStray: (key: string) => Promise<boolean>,
): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key, since, remove } of found) {
    if (now() - since.getTime() < GRACE_MS || !(await isStray(key))) continue
    if (apply) {
      if (!(await isStray(key))) continue
      await remove()
    }
    keys.push(key)
  }
  return keys
}

async function* objectsOf(blobs: BlobStore): AsyncGenerator<Found> {
  for (const prefix of PREFIXES) {
    for await (const { key, lastModified: since } of blobs.list(prefix))
      yield { key, since, remove: () => blobs.remove(key) }
  }
}

async function* uploadsOf({ multipart }: BlobStore): AsyncGenerator<Found> {
  for (const prefix of PREFIXES) {
    for await (const { key, uploadId, initiated: since } of multipart.listUploads(prefix))
      yield { key, since, remove: () => multipart.abort(key, uploadId) }
  }
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
export const reconcile = async (options: Options): Promise<Findings> => {
  const { store, blobs } = options
  return {
    orphans: await strays(options, objectsOf(blobs), key => isOrphan(store, key)),
    uploads: await strays(options, uploadsOf(blobs), key => isOrphanUpload(store, key)),
    missing: await findMissing(options),
  }
}
