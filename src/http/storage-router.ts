import { type Request, type RequestHandler, type Response, Router } from 'express'
import { BlobExists, BlobNotFound, UploadNotFound } from '../infra/blobs/blob-errors.ts'
import type { DiskBlobStore } from '../infra/blobs/disk-blob-store.ts'
import type { StorageOperation } from '../infra/blobs/url-signer.ts'
import { notFound, Problem } from '../lib/errors.ts'
import { BODY_IDLE_MS, brokenOff, bytesOf, watchBody } from './request-stream.ts'
import { SANDBOXED } from './security-headers.ts'
import { sendBytes } from './send-bytes.ts'

type Get = Extract<StorageOperation, { method: 'GET' }>
type Put = Exclude<StorageOperation, Get>

const mismatch = () =>
  new Problem(
    403,
    'signature_mismatch',
    'Signature mismatch',
    'The URL was not signed for this request: method, path, query, Content-Length and Content-Type must be as given.',
  )

const expired = () =>
  new Problem(403, 'url_expired', 'URL expired', 'The time of this URL is over: ask for a new one.')

/**
 * Serves the URLs that the disk store has signed, as S3 serves its own; to be mounted at `/storage`. Whoever has
 * the URL may use it, so no session is looked at. What is not signed does not exist here: every other request is
 * a 403, whatever there is under its path.
 * @param idleMs for how long a client may send nothing in the middle of a body
 */
export const storageRouter = (store: DiskBlobStore, idleMs = BODY_IDLE_MS): Router => {
  const handle: RequestHandler = async (req, res) => {
    res.locals.route = '/storage/:key'
    const operation = permitted(store, req)
    try {
      if (operation.method === 'GET') await send(store, operation, req, res)
      else await receive(store, operation, req, res, idleMs)
    } catch (error) {
      throw told(error, req)
    }
  }
  return Router().use(handle)
}

/** @throws Problem 403 */
const permitted = (store: DiskBlobStore, req: Request): StorageOperation => {
  const query = new URLSearchParams(req.originalUrl.split('?').slice(1).join('?'))
  const operation = store.urls.verify(req.method === 'HEAD' ? 'GET' : req.method, keyOf(req.path), query)
  if (operation === 'expired') throw expired()
  if (operation === null) throw mismatch()
  return operation
}

/** Empty, which no key is, when the path cannot be read. */
const keyOf = (path: string): string => {
  try {
    return path.slice(1).split('/').map(decodeURIComponent).join('/')
  } catch {
    return ''
  }
}

const told = (error: unknown, req: Request): unknown => {
  if (error instanceof BlobNotFound) return notFound('object')
  if (error instanceof UploadNotFound) return notFound('upload')
  if (error instanceof BlobExists)
    return new Problem(409, 'already_exists', 'Already exists', 'There is an object already, and it stays.')
  return brokenOff(req, error)
}

const headersOf = (operation: Get, lastModified: Date) => ({
  'Last-Modified': lastModified.toUTCString(),
  'Cache-Control': 'private, no-cache',
  'Content-Type': operation.contentType,
  'Content-Disposition': operation.contentDisposition,
  ...SANDBOXED,
  // Pages of other origins may show its pictures.
  'Cross-Origin-Resource-Policy': 'cross-origin',
})

const send = async (store: DiskBlobStore, operation: Get, req: Request, res: Response) => {
  const found = await store.head(operation.key)
  if (!found) throw new BlobNotFound(operation.key)
  await sendBytes(req, res, {
    size: found.size,
    etag: found.etag,
    headers: headersOf(operation, found.lastModified),
    open: async (range, signal) => (await store.get(operation.key, { range, signal })).body,
  })
}

const receive = async (store: DiskBlobStore, operation: Put, req: Request, res: Response, idleMs: number) => {
  const { key, contentLength } = operation
  const announced = req.get('content-length')
  if (announced === undefined)
    throw new Problem(411, 'length_required', 'Length required', 'Send a Content-Length.')
  if (announced !== String(contentLength)) throw mismatch()
  if (!('uploadId' in operation) && req.get('content-type') !== operation.contentType) throw mismatch()

  const body = bytesOf(req)
  const endWatch = watchBody(req, idleMs, problem => body.destroy(problem))
  try {
    const { etag } = await ('uploadId' in operation
      ? store.multipart.uploadPart(key, operation.uploadId, operation.partNumber, body, contentLength)
      : store.put(key, body, { contentType: operation.contentType }))
    res.set('ETag', `"${etag}"`).status(200).end()
  } finally {
    endWatch()
  }
}
