import type { Readable } from 'node:stream'
import { BODY_IDLE_MS } from '../http/request-stream.ts'
import type { Viewer } from '../http/viewer.ts'
import type { BlobStore } from '../infra/blobs/blob-store.ts'
import type { Along } from '../infra/dynamo/write.ts'
import type { Logger } from '../infra/logger.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { Problem } from '../lib/errors.ts'
import type { FileRecord } from './file.ts'
import type { FileRemoval } from './file-removal.ts'
import type { FileStore } from './file-store.ts'
import { typeOf } from './file-type.ts'
import { incoming } from './incoming.ts'
import { namesOf, quotaExceeded, type Reservations } from './reservations.ts'
import type { Thumbnails } from './thumbnails.ts'

/** What is said of a file besides its bytes. */
export interface Described {
  tags: string[]
  is_public: boolean
  /** Where they were not known before the bytes: its name, and the type that it is said to have. */
  name?: string
  type?: string
}

/** What is known of a file before its bytes. */
export interface UploadedFile {
  name: string
  type: string
  /**
   * How many bytes are to come: `most` are claimed until it is known, or else what is left of the quota, unless that is
   * fewer than `least`.
   */
  expected: { least: number; most: number }
}

/** Bytes that are in the store under a record that nobody sees yet. */
export interface Staged<Made = FileRecord> {
  /** Shows the file to its owner. 415 `unsupported_type` */
  publish(described: Described, along: Along<Made>): Promise<Made>
  /** Takes it all back. */
  discard(): Promise<void>
}

export interface UploadService {
  /** For how long a client may send nothing in the middle of a body, in ms. */
  readonly idleMs: number
  /**
   * Streams bytes into the store. Quota and size are claimed before the first byte is read.
   * 413 `file_too_large`, 415 `unsupported_type`, 507 `quota_exceeded`
   */
  receive(viewer: Viewer, file: UploadedFile, bytes: Readable, signal: AbortSignal): Promise<Staged>
}

export const tooLarge = (limit: number) =>
  new Problem(413, 'file_too_large', 'File too large', `A file may have at most ${limit} bytes.`)

export const unsupportedType = () =>
  new Problem(
    415,
    'unsupported_type',
    'Unsupported type',
    'The bytes of the file are not of the type that was declared.',
  )

interface Parts {
  store: FileStore
  blobs: BlobStore
  reservations: Reservations
  removal: FileRemoval
  thumbnails: Thumbnails
  outbox: Outbox
  logger: Logger
  maxFileSize: number
  idleMs?: number
}

export const createUploadService = (parts: Parts): UploadService => {
  const {
    store,
    blobs,
    reservations,
    removal,
    thumbnails,
    outbox,
    logger,
    maxFileSize,
    idleMs = BODY_IDLE_MS,
  } = parts

  /** What goes wrong here is mended by the record's expiry; the caller's own failure is the one to tell. */
  const discard = async (record: FileRecord) => {
    try {
      if (await removal.begin(record)) return
      // Its time was over and it was cleared away, perhaps before the last bytes came. A file that is there after
      // all (the answer was lost on its way to us) stays.
      const now = await store.get(record)
      if (now?.status !== 'ready') await blobs.remove(record.key)
    } catch (error) {
      logger.warn({ err: error, file_id: record.file_id }, 'a failed upload could not be taken back at once')
    }
  }

  const write = async (record: FileRecord, bytes: Readable, declaredType: string, signal: AbortSignal) => {
    const claimed = record.counted_bytes
    const { head, type, body, measured } = await incoming(bytes, declaredType, claimed, () =>
      claimed < maxFileSize ? quotaExceeded() : tooLarge(maxFileSize),
    )
    if (type === null) {
      body.destroy()
      throw unsupportedType()
    }
    await blobs.put(record.key, body, { contentType: type, signal })
    return { head, type, ...measured() }
  }

  return {
    idleMs,

    async receive(viewer, { name, type, expected }, bytes, signal) {
      const bytesAtMost = Math.min(expected.most, maxFileSize)
      const record = await reservations.claim(viewer, { name, bytes: bytesAtMost, atLeast: expected.least })
      try {
        const arrived = await write(record, bytes, type, signal)
        return {
          discard: () => discard(record),
          async publish({ tags, is_public, name: lateName, type: lateType }, along) {
            const file_type = lateType === undefined ? arrived.type : await typeOf(arrived.head, lateType)
            if (file_type === null) throw unsupportedType()
            const thumbnail = thumbnails.for(record, file_type)
            const ready = {
              tags,
              is_public,
              ...(lateName !== undefined && namesOf(lateName)),
              file_type,
              file_size: arrived.size,
              checksum_sha256: arrived.sha256,
              thumbnail: thumbnail.state,
            }
            const file = { ...record, ...ready, status: 'ready' as const, counted_bytes: ready.file_size }
            const also = [outbox.cancel(record.expiry_job), ...thumbnail.jobs, ...(await along(file))]
            if (!(await store.makeReady(record, ready, also))) {
              throw new Problem(409, 'upload_expired', 'Upload expired', 'The upload took too long.')
            }
            return file
          },
        }
      } catch (error) {
        await discard(record)
        throw error
      }
    },
  }
}
