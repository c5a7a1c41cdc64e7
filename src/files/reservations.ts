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

/** What is to be stored, as far as it is known before its first byte. */
interface Claim {
  name: string
  /** At the most. */
  bytes: number
  /** At the least: when there is no room for more, that is claimed which is left. */
  atLeast?: number
  multipart?: MultipartPlan
  tags?: string[]
  is_public?: boolean
}

/** The first step of every upload: a record, so that no byte is ever without one, and its claim on the quota. */
export interface Reservations {
  /** 507 `quota_exceeded`. What was claimed is the record's `counted_bytes`: no more of it may be stored. */
  claim(viewer: Viewer, file: Claim): Promise<FileRecord>
}

export const quotaExceeded = () =>
  new Problem(507, 'quota_exceeded', 'Quota exceeded', 'There is not enough room left for this file.')

/** Under which names a file is shown to begin with. */
export const namesOf = (name: string) => ({ file_name: displayName(name), original_name: displayName(name) })

/** How often the rest of the quota is claimed, where others are quicker to take some of it. */
const ATTEMPTS = 3

export const createReservations = (store: FileStore, outbox: Outbox, quotaBytes: number): Reservations => {
  const reserve = async (
    { user_id }: Viewer,
    { name, multipart, tags = [], is_public = false }: Claim,
    bytes: number,
  ) => {
    const file_id: string = newId()
    const expiry = outbox.later(uploadExpired, { user_id, file_id }, UPLOAD_HOURS * 3_600_000)
    const record: FileRecord = {
      user_id,
      file_id,
      status: 'pending',
      key: `user-files/${user_id}/${file_id}/${safeName(name)}`,
      ...namesOf(name),
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
    return (await store.reserve(record, quotaBytes, [expiry.write])) ? record : null
  }

  return {
    async claim(viewer, file) {
      const { bytes, atLeast = bytes } = file
      let record = await reserve(viewer, file, bytes)
      for (let attempt = 0; !record && atLeast < bytes && attempt < ATTEMPTS; attempt++) {
        const room = quotaBytes - (await store.storedBytes(viewer.user_id))
        if (room < Math.max(atLeast, 1)) break
        record = await reserve(viewer, file, Math.min(room, bytes))
      }
      if (!record) throw quotaExceeded()
      return record
    },
  }
}
