import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { NoSuchUpload, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { unavailable } from '../../lib/errors.ts'
import { UploadNotFound } from './blob-errors.ts'
import { bareEtag } from './etag.ts'
import { metered } from './metered.ts'
import { translateS3 } from './s3-client.ts'
import { watchForStall } from './stall.ts'

interface Part {
  Bucket: string
  Key: string
  UploadId: string
  PartNumber: number
}

/** Milliseconds that S3 may take nothing of what waits for it, or not answer when it has all. */
const STALLED_AFTER = 30_000

const MD5 = /^[0-9a-f]{32}$/

/**
 * Streams one part of exactly `size` bytes. A part that breaks off on our side is never whole on the other: the
 * request is torn down before its last byte is sent.
 * @throws what the stream said, the signal's reason, PartMismatch, UploadNotFound
 */
export const uploadPart = async (
  client: S3Client,
  part: Part,
  body: Readable,
  size: number,
  signal: AbortSignal | undefined,
): Promise<{ etag: string }> => {
  const request = new AbortController()
  const meter = metered(size)
  // The SDK pipes the stream and would not hear that it breaks off.
  pipeline(body, meter.stream, error => {
    if (error) request.abort(signal?.aborted ? signal.reason : error)
  })
  // Whoever pipes from it adds and removes listeners of its own; an error must never be without one.
  meter.stream.on('error', () => {})
  if (signal) addAbortSignal(signal, meter.stream)

  const endWatch = watchForStall({
    within: STALLED_AFTER,
    owed: () => meter.stream.readableLength > 0 || meter.stream.readableEnded,
    // What comes in makes room that only S3 can have made: the stream itself holds next to nothing.
    progress: meter.size,
    stalled: () => request.abort(unavailable('The file store did not answer in time.', 1)),
  })
  try {
    const command = new UploadPartCommand({ ...part, Body: meter.stream, ContentLength: size })
    const { ETag } = await client.send(command, { abortSignal: request.signal, requestTimeout: 0 })
    const etag = bareEtag(ETag)
    if (MD5.test(etag) && etag !== meter.md5())
      throw unavailable('The part was harmed on its way to the file store.', 1)
    return { etag }
  } catch (error) {
    request.signal.throwIfAborted()
    if (error instanceof NoSuchUpload) throw new UploadNotFound(part.UploadId, { cause: error })
    throw translateS3(error)
  } finally {
    endWatch()
    meter.stream.destroy()
    body.destroy()
  }
}
