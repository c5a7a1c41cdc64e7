import { addAbortSignal, pipeline } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import type { Logger } from '../logger.ts'
import { BlobExists } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore, MultipartUploads } from './blob-store.ts'
import { bareEtag } from './etag.ts'
import { metered } from './metered.ts'
import { statusOf, translateS3 } from './s3-client.ts'

interface Parts {
  client: S3Client
  bucket: string
  logger: Logger
  head: BlobStore['head']
  abort: MultipartUploads['abort']
}

/** One part is held in memory at a time, so this is the memory that a put takes; 10,000 of them are 80 GiB. */
const PART_SIZE = 8 * 1024 * 1024

/** What is not larger than a part goes in one request, all else as a multipart upload. */
export const createS3Put = ({ client, bucket, logger, head, abort }: Parts): BlobStore['put'] => {
  const clear = async (key: string, uploadId: string) => {
    try {
      await abort(key, uploadId)
    } catch (err) {
      logger.warn({ err, key, upload_id: uploadId }, 'an upload was left open')
    }
  }

  const send = async (upload: Upload, key: string): Promise<{ ETag?: string | undefined }> => {
    // Seen before a gigabyte is sent in vain; and all that a server without conditional writes can do.
    if (await head(key)) throw new BlobExists(key)
    try {
      return await upload.done()
    } catch (error) {
      if (upload.uploadId !== undefined) await clear(key, upload.uploadId)
      throw statusOf(error) === 412 ? new BlobExists(key, { cause: error }) : error
    }
  }

  return async (key, body, { contentType, contentDisposition, signal }) => {
    assertKey(key)
    const { stream, size } = metered()
    // Whoever reads the stream hears of its end, however that comes.
    pipeline(body, stream, () => {})
    stream.on('error', () => {})
    if (signal) addAbortSignal(signal, stream)

    const upload = new Upload({
      client,
      params: {
        Bucket: bucket,
        Key: key,
        Body: stream,
        ContentType: contentType,
        ContentDisposition: contentDisposition,
        ServerSideEncryption: 'AES256',
        ChecksumAlgorithm: 'CRC32',
        IfNoneMatch: '*',
      },
      partSize: PART_SIZE,
      queueSize: 1,
      // It would leave them all the same where completing fails, so all is cleared here.
      leavePartsOnError: true,
    })
    try {
      const { ETag } = await send(upload, key)
      return { size: size(), etag: bareEtag(ETag) }
    } catch (error) {
      signal?.throwIfAborted()
      // Of a failing store the stream is destroyed too, with another error.
      if (error === stream.errored) throw error
      throw error instanceof BlobExists ? error : translateS3(error)
    } finally {
      stream.destroy()
      body.destroy()
    }
  }
}
