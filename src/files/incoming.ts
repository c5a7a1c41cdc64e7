import { createHash } from 'node:crypto'
import { finished, type Readable, Transform } from 'node:stream'
import { buffersPassed } from '../infra/blobs/passed-buffers.ts'
import { SNIFFED_BYTES, typeOf } from './file-type.ts'

/** What is known of a stream once it is through. */
interface Measured {
  size: number
  /** SHA-256, lower-case hexadecimal. */
  sha256: string
}

/** A stream on its way to the store, told by its first bytes and measured as it passes. */
export interface Incoming {
  /** Its first bytes, as many as tell what it is. */
  head: Buffer
  /** What the bytes are; null when they are not what was declared. */
  type: string | null
  /** To be read once. Fails with what the source fails with, and with `tooLarge()` past the limit. */
  body: Readable
  /** Of what has passed; final when `body` has ended. */
  measured(): Measured
}

/** Counts, hashes and bounds what passes, chunk by chunk. */
const meter = (limit: number, tooLarge: () => Error) => {
  const hash = createHash('sha256')
  let size = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > limit) return done(tooLarge())
      hash.update(chunk)
      buffersPassed(chunk.length)
      done(null, chunk)
    },
  })
  return { through, measured: () => ({ size, sha256: hash.copy().digest('hex') }) }
}

/** The first bytes, at least as many as tell what it is, unless the stream is `over` before. They are taken out. */
const takeHead = async (source: Readable): Promise<{ head: Buffer; over: boolean }> => {
  const chunks: Buffer[] = []
  let length = 0
  while (length < SNIFFED_BYTES) {
    const chunk: Buffer | null = source.read()
    if (chunk) {
      chunks.push(chunk)
      length += chunk.length
    } else if (source.readableEnded || !(await readableOrOver(source))) {
      return { head: Buffer.concat(chunks), over: true }
    }
  }
  return { head: Buffer.concat(chunks), over: false }
}

const cutOff = () => new Error('the stream was cut off')

/** True when there may be more to read, false at the end. Rejects when the stream fails or is cut off. */
const readableOrOver = (source: Readable) =>
  new Promise<boolean>((resolve, reject) => {
    // It may have come to its end before anybody listened, and then says no more.
    if (source.destroyed) return reject(source.errored ?? cutOff())
    const settle = (act: () => void) => {
      source.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose)
      act()
    }
    const onReadable = () => settle(() => resolve(true))
    const onEnd = () => settle(() => resolve(false))
    const onError = (error: Error) => settle(() => reject(error))
    const onClose = () => settle(() => reject(cutOff()))
    source.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose)
  })

/**
 * Looks at a stream's first bytes and gives it on, measured. Back-pressure reaches through to the source, and no
 * more than a chunk is held.
 * @param limit bytes
 */
export const incoming = async (
  source: Readable,
  declaredType: string,
  limit: number,
  tooLarge: () => Error,
): Promise<Incoming> => {
  const { head, over } = await takeHead(source)
  if (head.length > limit) throw tooLarge()
  const sniffed = Buffer.from(head.subarray(0, SNIFFED_BYTES))
  const type = await typeOf(sniffed, declaredType)
  const { through, measured } = meter(limit, tooLarge)
  // The source may fail before anybody reads, or when nobody ever does.
  through.on('error', () => {})
  through.write(head)
  if (over) through.end()
  else {
    finished(source, { writable: false }, error => {
      if (error) through.destroy(error)
    })
    source.pipe(through)
  }
  return { head: sniffed, type, body: through, measured }
}
