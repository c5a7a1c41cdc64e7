import type { Readable } from 'node:stream'
import { BODY_IDLE_MS } from '../http/request-stream.ts'
import type { Viewer } from '../http/viewer.ts'
import { PartMismatch, UploadNotFound } from '../infra/blobs/blob-errors.ts'
import type { BlobStore, CompletedPart, SignedPut, StoredPart } from '../infra/blobs/blob-store.ts'
import type { Along } from '../infra/dynamo/write.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { notFound, Problem } from '../lib/errors.ts'
import { createAssembly } from './assembly.ts'
import type { FileRecord, MultipartPlan, NewUpload } from './file.ts'
import type { FileRemoval } from './file-removal.ts'
import type { FileStore } from './file-store.ts'
import { mismatch, planParts, sizeOfPart, type Upload } from './part-plan.ts'
import { type Reservations, UPLOAD_HOURS } from './reservations.ts'
import type { Thumbnails } from './thumbnails.ts'
import { tooLarge } from './upload-service.ts'

export interface MultipartService {
  /** How long a part may bring nothing before it is given up, in ms. */
  readonly idleMs: number
  /** 413, 507 */
  begin(viewer: Viewer, upload: NewUpload, along: Along<Upload>): Promise<Upload>
  /** 404 also when it is somebody else's, or over. */
  get(viewer: Viewer, uploadId: string): Promise<{ upload: Upload; parts: StoredPart[] }>
  /** URLs to which the client puts the parts itself. 422 for parts that are not planned */
  presign(
    viewer: Viewer,
    uploadId: string,
    partNumbers: readonly number[],
  ): Promise<(SignedPut & { part_number: number })[]>
  /** One part through this service. 413, 422 when it is not as long as planned */
  put(
    viewer: Viewer,
    uploadId: string,
    partNumber: number,
    body: Readable,
    size: number | undefined,
    signal: AbortSignal,
  ): Promise<{ part_number: number; etag: string }>
  /**
   * Joins the parts, reads the whole back for its type and its SHA-256, and shows the file. Repeating it gives the
   * same file. 409 `parts_missing`, 422 `size_mismatch`, `checksum_mismatch`, 415 `unsupported_type`
   */
  complete(viewer: Viewer, uploadId: string, parts: readonly CompletedPart[] | undefined): Promise<FileRecord>
  abort(viewer: Viewer, uploadId: string): Promise<void>
}

const PRESIGNED_SECONDS = 3600

interface Parts {
  store: FileStore
  blobs: BlobStore
  reservations: Reservations
  removal: FileRemoval
  thumbnails: Thumbnails
  outbox: Outbox
  maxFileSize: number
}

export const createMultipartService = (parts: Parts): MultipartService => {
  const { store, blobs, reservations, removal, thumbnails, outbox, maxFileSize } = parts
  const { join, verify } = createAssembly(blobs, removal)

  const find = async (viewer: Viewer, uploadId: string) => {
    const record = await store.get({ user_id: viewer.user_id, file_id: uploadId })
    if (!record?.multipart || record.status === 'deleting') throw notFound('upload')
    return { ...record, multipart: record.multipart }
  }

  const open = async (viewer: Viewer, uploadId: string) => {
    const upload = await find(viewer, uploadId)
    const storeId = upload.multipart.store_upload_id
    if (upload.status === 'ready')
      throw new Problem(409, 'upload_completed', 'Upload completed', 'It is complete.')
    if (storeId === undefined) throw notFound('upload')
    return { upload, storeId }
  }

  const checkNumber = (upload: Upload, partNumber: number, pointer: string) => {
    if (partNumber >= 1 && partNumber <= upload.multipart.parts_count) return
    const errors = [{ pointer, message: `must be from 1 to ${upload.multipart.parts_count}` }]
    throw new Problem(422, 'validation_failed', 'Validation failed', 'There is no such part.', { errors })
  }

  return {
    idleMs: BODY_IDLE_MS,

    async begin(viewer, { file_name, file_type, file_size, checksum_sha256, tags, is_public }, along) {
      if (file_size > maxFileSize) throw tooLarge(maxFileSize)
      const multipart: MultipartPlan = {
        ...planParts(file_size),
        declared_type: file_type,
        declared_sha256: checksum_sha256 ?? null,
        expires_at: new Date(Date.now() + UPLOAD_HOURS * 3_600_000).toISOString(),
      }
      const record = await reservations.claim(viewer, {
        name: file_name,
        bytes: file_size,
        multipart,
        tags,
        is_public,
      })
      // The bytes are not there yet, so nobody knows their type; it is decided when they are. Until then they are
      // kept as what a browser only ever downloads.
      try {
        const store_upload_id = await blobs.multipart.create(record.key, { contentType: record.file_type })
        const upload = { ...record, multipart: { ...multipart, store_upload_id } }
        await store.plan(record, upload.multipart, await along(upload))
        return upload
      } catch (error) {
        // Where even that fails its expiry takes it back.
        await removal.begin(record).catch(() => false)
        throw error
      }
    },

    async get(viewer, uploadId) {
      const upload = await find(viewer, uploadId)
      const storeId = upload.multipart.store_upload_id
      const pending = upload.status === 'pending' && storeId !== undefined
      const arrived = pending ? await blobs.multipart.listParts(upload.key, storeId) : null
      return { upload, parts: arrived ?? [] }
    },

    async presign(viewer, uploadId, partNumbers) {
      const { upload, storeId } = await open(viewer, uploadId)
      for (const [at, partNumber] of partNumbers.entries())
        checkNumber(upload, partNumber, `#/part_numbers/${at}`)
      return Promise.all(
        partNumbers.map(async part_number => {
          const options = { size: sizeOfPart(upload, part_number), expiresIn: PRESIGNED_SECONDS }
          return {
            part_number,
            ...(await blobs.multipart.presignPart(upload.key, storeId, part_number, options)),
          }
        }),
      )
    },

    async put(viewer, uploadId, partNumber, body, size, signal) {
      const { upload, storeId } = await open(viewer, uploadId)
      checkNumber(upload, partNumber, 'part_number')
      const expected = sizeOfPart(upload, partNumber)
      if (size !== undefined && size > expected) throw tooLarge(expected)
      if (size !== undefined && size < expected)
        throw mismatch('size_mismatch', `This part has ${expected} bytes.`)
      try {
        const { etag } = await blobs.multipart.uploadPart(
          upload.key,
          storeId,
          partNumber,
          body,
          expected,
          signal,
        )
        return { part_number: partNumber, etag }
      } catch (error) {
        if (error instanceof PartMismatch) throw mismatch('size_mismatch', `This part has ${expected} bytes.`)
        if (error instanceof UploadNotFound) throw notFound('upload')
        throw error
      }
    },

    async complete(viewer, uploadId, stated) {
      const upload = await find(viewer, uploadId)
      if (upload.status === 'ready') return upload
      const storeId = upload.multipart.store_upload_id
      if (storeId === undefined) throw notFound('upload')
      await join(upload, storeId, stated)
      const { size, sha256, type } = await verify(upload)
      const thumbnail = thumbnails.for(upload, type)
      const ready = {
        file_type: type,
        file_size: size,
        checksum_sha256: sha256,
        thumbnail: thumbnail.state,
        tags: upload.tags,
        is_public: upload.is_public,
      }
      // Whether it was this call or one beside it that moved the record, it is there now, or it is gone.
      await store.makeReady(upload, ready, [outbox.cancel(upload.expiry_job), ...thumbnail.jobs])
      const record = await store.get(upload)
      if (record?.status === 'ready') return record
      // Its removal may have been here before the parts became one.
      await blobs.remove(upload.key)
      throw notFound('upload')
    },

    async abort(viewer, uploadId) {
      const upload = await find(viewer, uploadId)
      if (upload.status !== 'pending' || !(await removal.begin(upload))) throw notFound('upload')
    },
  }
}
