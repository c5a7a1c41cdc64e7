import type { Readable } from 'node:stream'
import { create as contentDisposition } from 'content-disposition'
import type { Viewer } from '../http/viewer.ts'
import { BlobNotFound } from '../infra/blobs/blob-errors.ts'
import type { BlobStore } from '../infra/blobs/blob-store.ts'
import type { Cursors } from '../lib/cursors.ts'
import { forbidden, notFound } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { type FileChanges, type FileRecord, thumbnailKey } from './file.ts'
import type { FileRemoval } from './file-removal.ts'
import type { FileStore } from './file-store.ts'
import { mayBeInline, UNKNOWN_TYPE } from './file-type.ts'

/** Begins to read bytes, of a range of them or of all; the signal ends it early. */
type Open = (range: { start: number; end: number } | undefined, signal: AbortSignal) => Promise<Readable>

/** Bytes on their way to a client. */
interface Openable {
  size: number
  etag: string
  open: Open
}

export interface FileService {
  /** 404 also when the viewer may not see it */
  get(viewer: Viewer | null, fileId: string): Promise<FileRecord>
  list(
    viewer: Viewer,
    tag: string | undefined,
    page: Paging,
  ): Promise<{ files: FileRecord[]; next_cursor: string | null }>
  /** 403 when it is somebody else's */
  update(viewer: Viewer, fileId: string, changes: FileChanges): Promise<FileRecord>
  /** Nobody sees it from now on; its bytes go through the outbox. 403 when it is somebody else's */
  remove(viewer: Viewer, fileId: string): Promise<void>
  content(viewer: Viewer | null, fileId: string): Promise<{ record: FileRecord; open: Open }>
  /** One download: called once for each, not for each of its ranges. */
  countDownload(record: FileRecord): Promise<void>
  /** Null while it is being made. 404 when there is none */
  thumbnail(viewer: Viewer | null, fileId: string): Promise<Openable | null>
  /** A URL that the store itself serves, for `expiresIn` seconds. */
  url(
    viewer: Viewer | null,
    fileId: string,
    expiresIn: number,
  ): Promise<{ url: string; method: 'GET'; expires_at: string }>
  /** Which of these files are not the viewer's own and ready. */
  notOwn(viewer: Viewer, fileIds: readonly string[]): Promise<string[]>
}

/** Queries that one page may take when a filter thins it out, each of them for more than the one before. */
const ROUNDS = 5
const MORE_EACH_ROUND = 4

/** How a file may be presented: what could hold a script is only ever handed over to be kept. */
export const presentation = (record: FileRecord) => ({
  contentType: mayBeInline(record.file_type) ? record.file_type : UNKNOWN_TYPE,
  contentDisposition: contentDisposition(record.file_name, {
    type: mayBeInline(record.file_type) ? 'inline' : 'attachment',
  }),
})

interface Parts {
  store: FileStore
  blobs: BlobStore
  removal: FileRemoval
  cursors: Cursors
}

export const createFileService = ({ store, blobs, removal, cursors }: Parts): FileService => {
  const get = async (viewer: Viewer | null, fileId: string) => {
    const user_id = await store.ownerOf(fileId)
    const record = user_id === null ? null : await store.get({ user_id, file_id: fileId })
    const visible = record?.status === 'ready' && (record.is_public || record.user_id === viewer?.user_id)
    if (!record || !visible) throw notFound('file')
    return record
  }

  const own = async (viewer: Viewer, fileId: string) => {
    const record = await get(viewer, fileId)
    if (record.user_id !== viewer.user_id) throw forbidden('Only its owner may change a file.')
    return record
  }

  const opening =
    (key: string): Open =>
    async (range, signal) => {
      try {
        return (await blobs.get(key, { range, signal })).body
      } catch (error) {
        // Deleted since the record was read.
        throw error instanceof BlobNotFound ? notFound('file') : error
      }
    }

  return {
    get,

    async list(viewer, tag, { limit, cursor }) {
      const list = `files/${viewer.user_id}/${tag ?? ''}`
      const files: FileRecord[] = []
      let after = cursors.read(list, cursor)
      // One more than is asked for tells whether anything is left.
      let looked = limit + 1
      for (let round = 0; round < ROUNDS && files.length <= limit; round++) {
        const page = await store.list(viewer.user_id, tag, looked, after)
        files.push(...page.files)
        after = page.last ?? undefined
        if (after === undefined) break
        looked *= MORE_EACH_ROUND
      }
      const shown = files.slice(0, limit)
      // Where nothing more was found in so many, somebody has to look on: the next page may be empty.
      const last = files.length > limit ? shown.at(-1)?.file_id : after
      return { files: shown, next_cursor: cursors.write(list, last ?? null) }
    },

    async update(viewer, fileId, changes) {
      const record = await own(viewer, fileId)
      if (!(await store.update(record, changes))) throw notFound('file')
      return get(viewer, fileId)
    },

    async remove(viewer, fileId) {
      if (!(await removal.begin(await own(viewer, fileId)))) throw notFound('file')
    },

    async content(viewer, fileId) {
      const record = await get(viewer, fileId)
      return { record, open: opening(record.key) }
    },

    countDownload: record => store.countDownload(record),

    async thumbnail(viewer, fileId) {
      const record = await get(viewer, fileId)
      if (record.thumbnail === 'none') throw notFound('thumbnail')
      if (record.thumbnail === 'pending') return null
      const key = thumbnailKey(fileId)
      const found = await blobs.head(key)
      if (!found) throw notFound('thumbnail')
      return { size: found.size, etag: found.etag, open: opening(key) }
    },

    async url(viewer, fileId, expiresIn) {
      const record = await get(viewer, fileId)
      const { url, expires_at } = await blobs.presignGet(record.key, { expiresIn, ...presentation(record) })
      return { url, method: 'GET', expires_at }
    },

    async notOwn(viewer, fileIds) {
      const records = await store.getMany(fileIds.map(file_id => ({ user_id: viewer.user_id, file_id })))
      const ready = new Set(records.filter(({ status }) => status === 'ready').map(({ file_id }) => file_id))
      return fileIds.filter(fileId => !ready.has(fileId))
    },
  }
}
