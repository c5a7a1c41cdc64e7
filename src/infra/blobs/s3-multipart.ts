import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { BlobExists, PartMismatch, UploadNotFound } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore, CompletedPart, MultipartUploads, StoredPart } from './blob-store.ts'
import { bareEtag, inOrder, multipartEtag } from './etag.ts'
import { SMALL, statusOf, translateS3 } from './s3-client.ts'
import type { createS3Presigner } from './s3-presign.ts'
import { uploadPart } from './s3-upload-part.ts'

interface Parts {
  client: S3Client
  bucket: string
  presign: ReturnType<typeof createS3Presigner>
  head: BlobStore['head']
}

/** The same, and what only S3 itself is told by: sums that it compares with the bytes that have come. */
export interface S3Multipart extends MultipartUploads {
  create(
    key: string,
    options: Parameters<MultipartUploads['create']>[1] & { ChecksumAlgorithm?: 'CRC32' },
  ): Promise<string>
  complete(
    key: string,
    uploadId: string,
    parts: readonly (CompletedPart & { crc32?: string | undefined })[],
  ): ReturnType<MultipartUploads['complete']>
}

/** S3 puts large objects together at leisure. Milliseconds. */
const COMPLETED_WITHIN = 120_000

const PAGE = 1000

const UNFIT = new Set(['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'MalformedXML'])

const isNamed = (error: unknown, ...names: string[]) => error instanceof Error && names.includes(error.name)

export const createS3Multipart = ({ client, bucket, presign, head }: Parts): S3Multipart => {
  const at = (key: string, uploadId: string) => {
    assertKey(key)
    return { Bucket: bucket, Key: key, UploadId: uploadId }
  }

  /** After a lost reply, or by another instance, the object may be there already: its ETag tells of what it was made. */
  const alreadyCompleted = async (key: string, parts: readonly CompletedPart[]) => {
    const found = await head(key)
    return { found, same: found?.etag === multipartEtag(parts) ? found : null }
  }

  const explain = async (key: string, uploadId: string, parts: readonly CompletedPart[], error: unknown) => {
    if (error instanceof Error && UNFIT.has(error.name)) {
      throw new PartMismatch(`S3 cannot make an object of these parts: ${error.name}`, { cause: error })
    }
    const gone = isNamed(error, 'NoSuchUpload')
    // Not every server names it PreconditionFailed.
    if (!gone && statusOf(error) !== 412) throw translateS3(error)
    const { found, same } = await alreadyCompleted(key, parts)
    if (same) return { size: same.size, etag: same.etag }
    throw found && !gone
      ? new BlobExists(key, { cause: error })
      : new UploadNotFound(uploadId, { cause: error })
  }

  return {
    async create(key, { contentType, contentDisposition, ChecksumAlgorithm }) {
      assertKey(key)
      const command = new CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ContentType: contentType,
        ContentDisposition: contentDisposition,
        ServerSideEncryption: 'AES256',
        ChecksumAlgorithm,
      })
      try {
        const { UploadId } = await client.send(command, SMALL)
        if (UploadId === undefined) throw new Error('the answer has no upload id')
        return UploadId
      } catch (error) {
        throw translateS3(error)
      }
    },

    async uploadPart(key, uploadId, partNumber, body, size, signal) {
      const part = { ...at(key, uploadId), PartNumber: partNumber }
      return uploadPart(client, part, body, size, signal)
    },

    async presignPart(key, uploadId, partNumber, options) {
      assertKey(key)
      return presign.part(key, uploadId, partNumber, options)
    },

    async listParts(key, uploadId) {
      const upload = at(key, uploadId)
      const parts: StoredPart[] = []
      let page: ListPartsCommandOutput | undefined
      try {
        // Not the SDK's paginator: it goes on for ever where the last page names a next marker.
        do {
          const after = page?.NextPartNumberMarker
          page = await client.send(
            new ListPartsCommand({ ...upload, MaxParts: PAGE, PartNumberMarker: after }),
            SMALL,
          )
          for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? []) {
            parts.push({ part_number: PartNumber, etag: bareEtag(ETag), size: Size })
          }
        } while (page.IsTruncated)
        return parts
      } catch (error) {
        if (isNamed(error, 'NoSuchUpload')) return null
        throw translateS3(error)
      }
    },

    async complete(key, uploadId, given) {
      const parts = inOrder(given)
      if (parts.length === 0) throw new PartMismatch('an object needs at least one part')
      const command = new CompleteMultipartUploadCommand({
        ...at(key, uploadId),
        MultipartUpload: {
          Parts: parts.map(({ part_number, etag, crc32 }) => ({
            PartNumber: part_number,
            ETag: `"${etag}"`,
            ChecksumCRC32: crc32,
          })),
        },
        IfNoneMatch: '*',
      })
      try {
        await client.send(command, { requestTimeout: COMPLETED_WITHIN })
      } catch (error) {
        return explain(key, uploadId, parts, error)
      }
      const made = await head(key)
      if (!made) throw new UploadNotFound(uploadId)
      return { size: made.size, etag: made.etag }
    },

    async abort(key, uploadId) {
      const command = new AbortMultipartUploadCommand(at(key, uploadId))
      try {
        await client.send(command, SMALL)
      } catch (error) {
        // Swift answers NoSuchKey where the upload was completed.
        if (!isNamed(error, 'NoSuchUpload', 'NoSuchKey')) throw translateS3(error)
      }
    },

    async *listUploads(prefix) {
      let page: ListMultipartUploadsCommandOutput | undefined
      do {
        const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
          Bucket: bucket,
          Prefix: prefix,
          MaxUploads: PAGE,
          KeyMarker: page?.NextKeyMarker,
          UploadIdMarker: page?.NextUploadIdMarker,
        })
        page = await client.send(command, SMALL).catch(error => {
          throw translateS3(error)
        })
        for (const { Key: key, UploadId: uploadId, Initiated: initiated } of page.Uploads ?? []) {
          if (key !== undefined && uploadId !== undefined && initiated) yield { key, uploadId, initiated }
        }
      } while (page.IsTruncated)
    },
  }
}
