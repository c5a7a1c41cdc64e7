import { z } from 'zod'
import type { BlobStore } from '../infra/blobs/blob-store.ts'
import { jobKind } from '../infra/outbox/job.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { type FileRecord, thumbnailKey } from './file.ts'
import type { FileStore } from './file-store.ts'

const FileKey = z.object({ user_id: z.string(), file_id: z.string() })

/** Bytes, thumbnail, then the record: in that order, so that bytes never lie there without a record. */
const fileRemoved = jobKind('file.removed', FileKey)

/** The time that an upload has is over. Cancelled when it becomes ready. */
export const uploadExpired = jobKind('file.upload_expired', FileKey)

/** Takes files away: what was deleted, what failed, and what never came. */
export interface FileRemoval {
  /**
   * From now on nobody sees it; the rest is done from the outbox. False when the file is not what `file` says
   * that it is (any more).
   */
  begin(file: FileRecord): Promise<boolean>
}

interface Parts {
  store: FileStore
  blobs: BlobStore
  outbox: Outbox
}

export const createFileRemoval = ({ store, blobs, outbox }: Parts): FileRemoval => {
  const begin = ({ ...file }: FileRecord) => {
    const { user_id, file_id } = file
    return store.markDeleting(file, [
      outbox.entry(fileRemoved, { user_id, file_id }),
      ...(file.status === 'pending' ? [outbox.cancel(file.expiry_job)] : []),
    ])
  }

  /** Also those unfinished uploads of which the record knows nothing, since the process died too early. */
  const abortUploads = async (key: string) => {
    for await (const upload of blobs.multipart.listUploads(key)) {
      if (upload.key === key) await blobs.multipart.abort(key, upload.uploadId)
    }
  }

  outbox.on(fileRemoved, async key => {
    const file = await store.get(key)
    if (file?.status !== 'deleting') return
    // Not only of those in parts: a store may take in parts what came in one go, too.
    await abortUploads(file.key)
    await Promise.all([blobs.remove(file.key), blobs.remove(thumbnailKey(file.file_id))])
    await store.erase(file)
  })

  outbox.on(uploadExpired, async key => {
    const file = await store.get(key)
    if (file?.status === 'pending') await begin(file)
  })

  return { begin }
}
