import type { Readable } from 'node:stream'

/**
 * Where the bytes of files are kept. Keys are like `user-files/{user_id}/{file_id}/{safe_name}`, see `assertKey`.
 * ETags are bare, without the quotes that HTTP puts around them: the MD5 in hex of what was put in one go, and
 * `{MD5 of the parts' MD5s}-{number of parts}` of what came in parts (the AWS S3 User Guide, "Checking object
 * integrity").
 *
 * A store that is away, slow or full is a Problem 503 `unavailable`. After one the work may have been done or not.
 */
export interface BlobStore {
  readonly kind: 'disk' | 's3'

  /**
   * Streams with back-pressure; memory is bounded whatever the size. The object is there whole or not at all.
   * When the signal fires or the stream fails nothing is left behind, and the promise rejects with the signal's
   * reason or the stream's error. A stream that is not read to its end is destroyed: see `detached`.
   * @throws BlobExists when there is an object; of two that race, a store without conditional writes keeps either
   */
  put(key: string, body: Readable, options: PutOptions): Promise<{ size: number; etag: string }>

  /**
   * The stream is to be read to its end or destroyed. The signal destroys it.
   * @param options.range first and last byte, both included; what is past the end is left out
   * @returns `size` of the whole object in bytes, whatever the range
   * @throws BlobNotFound, RangeNotSatisfiable when the range begins past the end
   */
  get(key: string, options?: GetOptions): Promise<BlobInfo & { body: Readable }>

  head(key: string): Promise<(BlobInfo & { lastModified: Date }) | null>

  /** Idempotent. Readers that have begun may go on. */
  remove(key: string): Promise<void>

  /** Every object whose key begins so, read page by page, in any order. */
  list(prefix: string): AsyncIterable<{ key: string; size: number; lastModified: Date }>

  /** A URL that anybody can open until it expires, answered with the given headers. Nothing is looked up. */
  presignGet(key: string, options: PresignGetOptions): Promise<SignedUrl>

  /**
   * A URL to which exactly so many bytes of that type can be put. S3 replaces an object that is there already;
   * the disk store refuses.
   */
  presignPut(key: string, options: PresignPutOptions): Promise<SignedPut>

  readonly multipart: MultipartUploads

  /** One cheap request that shows that the store answers. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** Objects that arrive in parts, over hours and through any instance. The store's own list is what counts. */
export interface MultipartUploads {
  /** @returns the upload id */
  create(key: string, options: ContentHeaders): Promise<string>

  /**
   * The same part again replaces it. Parts are of 5 MiB or more, only the last may be smaller.
   * @param partNumber 1 to 10,000
   * @param size exact, in bytes: when less or more comes, no part is stored
   * @throws UploadNotFound, PartMismatch, and what the stream or the signal said as `put` does
   */
  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: Readable,
    size: number,
    signal?: AbortSignal,
  ): Promise<{ etag: string }>

  /** A URL to which the part can be put; its length is signed. */
  presignPart(
    key: string,
    uploadId: string,
    partNumber: number,
    options: { size: number; expiresIn: number },
  ): Promise<SignedPut>

  /**
   * What has arrived, by part number. Null when there is no such upload (any more); of a completed one some
   * stores still tell the parts.
   */
  listParts(key: string, uploadId: string): Promise<StoredPart[] | null>

  /**
   * Makes the object of the given parts, in the order of their numbers; others are dropped. Repeating it after
   * success gives the same reply for as long as the object is there.
   * @throws UploadNotFound, BlobExists, and PartMismatch when a part is missing, too small or has another ETag
   */
  complete(
    key: string,
    uploadId: string,
    parts: readonly CompletedPart[],
  ): Promise<{ size: number; etag: string }>

  /** Idempotent. Never touches a completed object. A part that is under way may need a second call to go. */
  abort(key: string, uploadId: string): Promise<void>

  /** Unfinished uploads under a prefix, whether or not anybody has noted their ids. */
  listUploads(prefix: string): AsyncIterable<{ key: string; uploadId: string; initiated: Date }>
}

interface ContentHeaders {
  contentType: string
  contentDisposition?: string | undefined
}

export interface PutOptions extends ContentHeaders {
  signal?: AbortSignal | undefined
}

interface GetOptions {
  range?: { start: number; end: number } | undefined
  signal?: AbortSignal | undefined
}

interface BlobInfo {
  size: number
  etag: string
  contentType: string
  contentDisposition: string | undefined
}

/** Fields are named as the public API gives them on. `expires_at` is ISO 8601. */
export interface SignedUrl {
  url: string
  method: 'GET' | 'PUT'
  expires_at: string
}

/** The request must carry these headers; `Content-Length` is set by any client by itself. */
export interface SignedPut extends SignedUrl {
  headers: Record<string, string>
}

/** `expiresIn` is in seconds, everywhere. */
export interface PresignGetOptions {
  expiresIn: number
  contentType: string
  contentDisposition: string
}

export interface PresignPutOptions {
  expiresIn: number
  contentType: string
  contentLength: number
}

export interface CompletedPart {
  part_number: number
  /** Bare or in quotes: clients hand on the header that they were given. */
  etag: string
}

export interface StoredPart {
  part_number: number
  etag: string
  size: number
}
