import type { Viewer } from '../http/viewer.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { Problem } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { FileRecord, MultipartPlan } from './file.ts'
import { displayName, safeName } from './file-name.ts'
import { uploadExpired } from './file-removal.ts'
import type { FileStore } from './file-store.ts'
import { UNKNOWN_TYPE } from './file-type.ts'

/** How long an upload may take. Then what is there of it goes, and what it claimed is given back. */
export const UPLOAD_HOURS = 24

/** The first step of every upload: a record, so that no byte is ever without one, and its claim on the quota. */
export interface Reservations {
  /** 507 `quota_exceeded` */
  claim(
    viewer: Viewer,
    file: { name: string; bytes: number; multipart?: MultipartPlan; tags?: string[]; is_public?: boolean },
  ): Promise<FileRecord>
}

const quotaExceeded = () =>
  new Problem(507, 'quota_exceeded', 'Quota exceeded', 'There is not enough room left for this file.')

export const createReservations = (store: FileStore, outbox: Outbox, quotaBytes: number): Reservations => ({
  async claim(viewer, { name, bytes, multipart, tags = [], is_public = false }) {
    const file_id: string = newId()
    const { user_id } = viewer
    const expiry = outbox.later(uploadExpired, { user_id, file_id }, UPLOAD_HOURS * 3_600_000)
    const record: FileRecord = {
      user_id,
      file_id,
      status: 'pending',
      key: `user-files/${user_id}/${file_id}/${safeName(name)}`,
      file_name: displayName(name),
      original_name: displayName(name),
      file_type: UNKNOWN_TYPE,
      file_size: bytes,
      checksum_sha256: '',
      upload_date: new Date().toISOString(),
      download_count: 0,
      is_public,
      tags,
      thumbnail: 'none',
      counted_bytes: bytes,
      expiry_job: expiry.jobId,
      multipart: multipart ?? null,
    }
    if (!(await store.reserve(record, quotaBytes, [expiry.write]))) throw quotaExceeded()
    return record
  },
})
