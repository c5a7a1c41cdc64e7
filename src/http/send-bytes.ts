import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import { Problem, unavailable } from '../lib/errors.ts'

interface ByteRange {
  /** First and last byte, both included. */
  start: number
  end: number
}

/** Bytes that can be sent whole or in part. */
export interface Bytes {
  /** Of the whole. */
  size: number
  /** Strong, without quotes: other bytes have another one. */
  etag: string
  headers: Record<string, string>
  /** Begins to read; called once, and not at all for HEAD and 304. The signal ends when the client is gone. */
  open(range: ByteRange | undefined, signal: AbortSignal): Promise<Readable>
}

const isGone = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

const hasCopy = (req: Request, etag: string) => {
  const asked = req.get('if-none-match')
  return asked?.trim() === '*' || asked?.match(/"[^"]*"/g)?.includes(etag) === true
}

/**
 * What a `Range` header asks for. Not `req.range`, which refuses a suffix that is longer than the whole.
 * @returns undefined when it is not one range of bytes, null when there is nothing there
 */
export const byteRange = (header: string, size: number): ByteRange | undefined | null => {
  const [, first, last, suffix] = /^\s*bytes=\s*(?:(\d+)-(\d*)|-(\d+))\s*$/i.exec(header) ?? []
  const start = first === undefined ? size - Math.min(Number(suffix), size) : Number(first)
  if (Number.isNaN(start) || (last && Number(last) < start)) return undefined
  if (start >= size) return null
  return { start, end: Math.min(last ? Number(last) : size - 1, size - 1) }
}

/**
 * The one range that is asked for (RFC 9110, section 14). Several, or what cannot be read, is answered with the
 * whole, and so is a range of other bytes than these (`If-Range`).
 * @throws Problem 416
 */
const rangeOf = (req: Request, size: number, etag: string): ByteRange | undefined => {
  // Ranges are of GET alone (RFC 9110, 14.2).
  if (req.method !== 'GET') return undefined
  const condition = req.get('if-range')
  if (condition !== undefined && condition !== etag) return undefined
  const range = byteRange(req.get('range') ?? '', size)
  if (range === null) {
    const headers = { 'Content-Range': `bytes */${size}` }
    const detail = 'The range begins past the end.'
    throw new Problem(416, 'range_not_satisfiable', 'Range not satisfiable', detail, { headers })
  }
  return range
}

/** Waits for the first of them: until those are there a problem can still be answered. @throws Problem 503 */
const begun = (body: Readable) =>
  new Promise<void>((resolve, reject) => {
    const broken = (error?: Error) =>
      reject(unavailable('The file store did not answer in time.', 1, error ?? new Error('no byte came')))
    // It may be over before anybody listens.
    if (body.destroyed) broken(body.errored ?? undefined)
    else body.once('readable', resolve).once('error', broken).once('close', broken)
  })

/** Sends bytes as the request wants them: 200, 206, 304 or nothing but the headers. @throws Problem 416 */
export const sendBytes = async (req: Request, res: Response, bytes: Bytes): Promise<void> => {
  const etag = `"${bytes.etag}"`
  // Not Express's own way, which adds a charset to what was given without.
  res.setHeaders(new Map(Object.entries({ ...bytes.headers, ETag: etag, 'Accept-Ranges': 'bytes' })))
  if (hasCopy(req, etag)) {
    res.status(304).end()
    return
  }
  const range = rangeOf(req, bytes.size, etag)
  if (req.method === 'HEAD') {
    res.setHeader('Content-Length', bytes.size)
    res.end()
    return
  }
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const body = await bytes.open(range, gone.signal)
  try {
    await begun(body)
  } catch (error) {
    if (gone.signal.aborted) return
    throw error
  }
  // Only now that there are bytes: a problem's reply would be of another length.
  res.setHeader('Content-Length', range ? range.end - range.start + 1 : bytes.size)
  if (range) res.status(206).setHeader('Content-Range', `bytes ${range.start}-${range.end}/${bytes.size}`)
  await pipeline(body, res).catch(error => {
    // A reader may go when it has seen enough.
    if (!isGone(error) && !gone.signal.aborted) throw error
  })
}
