import { addAbortSignal, PassThrough, pipeline } from 'node:stream'
import { PutObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import type { Logger } from '../logger.ts'
import { BlobExists } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore, PutOptions } from './blob-store.ts'
import { bareEtag } from './etag.ts'
import { createPartReader, type PartReader } from './part-reader.ts'
import { statusOf, translateS3 } from './s3-client.ts'
import type { S3Multipart } from './s3-multipart.ts'

interface Parts {
  client: S3Client
  bucket: string
  logger: Logger
  head: BlobStore['head']
  multipart: S3Multipart
}

/** The smallest that S3 takes (the AWS S3 User Guide, "Multipart upload limits"): a put holds one part at a time. */
const PART_SIZE = 5 * 1024 * 1024
const PARTS_OF_ONE_SIZE = 1000

/** How large it will be nobody knows beforehand; the 10,000 parts that S3 takes are 268 GiB so. */
const sizeOfPart = (partNumber: number) => PART_SIZE * Math.ceil(partNumber / PARTS_OF_ONE_SIZE)

/** S3 compares what it got. */
const CHECKED = { ChecksumAlgorithm: 'CRC32' } as const

/**
 * What is not larger than a part goes in one request, all else as a multipart upload. Not by the SDK's own
 * `lib-storage`: that holds up to three times a part.
 */
export const createS3Put = ({ client, bucket, logger, head, multipart }: Parts): BlobStore['put'] => {
  const clear = async (key: string, uploadId: string) => {
    try {
      await multipart.abort(key, uploadId)
    } catch (err) {
      logger.warn({ err, key, upload_id: uploadId }, 'an upload was left open')
    }
  }

  const inOneGo = async (
    key: string,
    bytes: Buffer,
    { contentType, contentDisposition, signal }: PutOptions,
  ) => {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType,
      ContentDisposition: contentDisposition,
      ServerSideEncryption: 'AES256',
      IfNoneMatch: '*',
      ...CHECKED,
    })
    try {
      const { ETag } = await client.send(command, signal ? { abortSignal: signal } : {})
      return bareEtag(ETag)
    } catch (error) {
      throw statusOf(error) === 412 ? new BlobExists(key, { cause: error }) : error
    }
  }

  /** The SDK sends a part again where that may help, since it has it whole. */
  const part = async (
    key: string,
    UploadId: string,
    PartNumber: number,
    Body: Buffer,
    signal?: AbortSignal,
  ) => {
    const command = new UploadPartCommand({
      Bucket: bucket,
      Key: key,
      UploadId,
      PartNumber,
      Body,
      ...CHECKED,
    })
    const { ETag, ChecksumCRC32 } = await client.send(command, signal ? { abortSignal: signal } : {})
    return { part_number: PartNumber, etag: bareEtag(ETag), crc32: ChecksumCRC32 }
  }

  const inParts = async (key: string, first: Buffer, reader: PartReader, options: PutOptions) => {
    const uploadId = await multipart.create(key, { ...options, ...CHECKED })
    try {
      const parts = [await part(key, uploadId, 1, first, options.signal)]
      for (let number = 2, last = false; !last; number++) {
        const next = await reader.next(sizeOfPart(number))
        parts.push(await part(key, uploadId, number, next.bytes, options.signal))
        last = next.last
      }
      return (await multipart.complete(key, uploadId, parts)).etag
    } catch (error) {
      await clear(key, uploadId)
      throw error
    }
  }

  return async (key, body, options) => {
    assertKey(key)
    const stream = new PassThrough()
    // Whoever reads the stream hears of its end, however that comes.
    pipeline(body, stream, () => {})
    stream.on('error', () => {})
    if (options.signal) addAbortSignal(options.signal, stream)
    try {
      // Seen before a gigabyte is sent in vain; and all that a server without conditional writes can do.
      if (await head(key)) throw new BlobExists(key)
      const reader = createPartReader(stream)
      const { bytes, last } = await reader.next(sizeOfPart(1))
      const etag = await (last ? inOneGo(key, bytes, options) : inParts(key, bytes, reader, options))
      return { size: reader.size(), etag }
    } catch (error) {
      options.signal?.throwIfAborted()
      // Of a failing store the stream is destroyed too, with another error.
      if (error === stream.errored) throw error
      throw error instanceof BlobExists ? error : translateS3(error)
    } finally {
      stream.destroy()
      body.destroy()
    }
  }
}
