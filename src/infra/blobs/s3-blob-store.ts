import { IncomingMessage } from 'node:http'
import { addAbortSignal, type Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import { BlobNotFound, RangeNotSatisfiable } from './blob-errors.ts'
import { assertKey } from './blob-key.ts'
import type { BlobStore } from './blob-store.ts'
import { bareEtag } from './etag.ts'
import { createS3Client, type S3ClientOptions, SMALL, statusOf, translateS3 } from './s3-client.ts'
import { createS3Multipart } from './s3-multipart.ts'
import { createS3Presigner } from './s3-presign.ts'
import { createS3Put } from './s3-put.ts'
import { watchForStall } from './stall.ts'

export interface S3BlobStoreOptions extends S3ClientOptions {
  /** Must exist. */
  bucket: string
}

/** Milliseconds, of each of three attempts. */
const PONG_WITHIN = 1000

/** Milliseconds in which S3 may send nothing of a body although there is room for it. */
const STALLED_AFTER = 30_000

export const createS3BlobStore = ({ bucket, ...options }: S3BlobStoreOptions): BlobStore => {
  const client = createS3Client(options)
  const presign = createS3Presigner(client, bucket)
  const at = (key: string) => {
    assertKey(key)
    return { Bucket: bucket, Key: key }
  }

  const head: BlobStore['head'] = async key => {
    const command = new HeadObjectCommand(at(key))
    try {
      const reply = await client.send(command, SMALL)
      return {
        ...described(reply),
        size: reply.ContentLength ?? 0,
        lastModified: reply.LastModified ?? new Date(0),
      }
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw translateS3(error)
    }
  }
  const multipart = createS3Multipart({ client, bucket, presign, head })

  return {
    kind: 's3',
    head,
    multipart,
    put: createS3Put({ client, bucket, logger: options.logger, head, multipart }),

    async get(key, { range, signal } = {}) {
      const Range = range && `bytes=${range.start}-${range.end}`
      const command = new GetObjectCommand({ ...at(key), Range })
      const reply = await client
        .send(command, signal ? { ...SMALL, abortSignal: signal } : SMALL)
        .catch(error => {
          signal?.throwIfAborted()
          throw refusal(key, error)
        })
      if (!(reply.Body instanceof IncomingMessage)) throw new TypeError('a body in Node is a stream')
      if (signal?.aborted) reply.Body.destroy()
      signal?.throwIfAborted()
      const size = wholeSize(reply.ContentRange) ?? reply.ContentLength ?? 0
      return { ...described(reply), size, body: guarded(reply.Body, signal) }
    },

    async remove(key) {
      const command = new DeleteObjectCommand(at(key))
      try {
        await client.send(command, SMALL)
      } catch (error) {
        if (statusOf(error) !== 404) throw translateS3(error)
      }
    },

    async *list(prefix) {
      let page: ListObjectsV2CommandOutput | undefined
      do {
        const command: ListObjectsV2Command = new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          MaxKeys: 1000,
          ContinuationToken: page?.NextContinuationToken,
        })
        page = await client.send(command, SMALL).catch(error => {
          throw translateS3(error)
        })
        for (const { Key: key, Size: size = 0, LastModified: lastModified } of page.Contents ?? []) {
          if (key !== undefined && lastModified) yield { key, size, lastModified }
        }
      } while (page.IsTruncated)
    },

    async presignGet(key, given) {
      assertKey(key)
      return presign.get(key, given)
    },

    async presignPut(key, given) {
      assertKey(key)
      return presign.put(key, given)
    },

    async ping() {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), { requestTimeout: PONG_WITHIN })
      } catch (error) {
        throw translateS3(error)
      }
    },

    async close() {
      client.destroy()
    },
  }
}

interface Described {
  ETag?: string | undefined
  ContentType?: string | undefined
  ContentDisposition?: string | undefined
}

const described = ({ ETag, ContentType, ContentDisposition }: Described) => ({
  etag: bareEtag(ETag),
  contentType: ContentType ?? 'application/octet-stream',
  contentDisposition: ContentDisposition,
})

/** `bytes 0-9/1234` tells 1234. */
const wholeSize = (contentRange: string | undefined) => {
  const size = /\/(\d+)$/.exec(contentRange ?? '')?.[1]
  return size === undefined ? undefined : Number(size)
}

const refusal = (key: string, error: unknown) => {
  if (error instanceof Error && error.name === 'NoSuchKey') return new BlobNotFound(key, { cause: error })
  if (statusOf(error) === 416) return new RangeNotSatisfiable(key, { cause: error })
  return translateS3(error)
}

/** Ends the stream with an error when S3 stops sending although there is room, and when the signal fires. */
const guarded = (body: IncomingMessage, signal: AbortSignal | undefined): Readable => {
  const endWatch = watchForStall({
    within: STALLED_AFTER,
    owed: () => body.readableLength === 0 && !body.complete,
    progress: () => body.socket.bytesRead,
    stalled: () => body.destroy(new Error('S3 stopped sending')),
  })
  body.once('close', endWatch)
  return signal ? addAbortSignal(signal, body) : body
}
