import { createHash, type Hash } from 'node:crypto'
import { Transform } from 'node:stream'
import { PartMismatch } from './blob-errors.ts'
import { buffersPassed } from './passed-buffers.ts'

/** A stream that passes everything on and knows what has passed. */
export interface Metered {
  stream: Transform
  /** Bytes that have come so far. */
  size(): number
  /** The MD5 of all, in hex; to be asked once, at the end. */
  md5(): string
}

/**
 * @param exact the number of bytes that must come. Whoever reads the stream gets the last of them only when it is
 * certain that no more follow: a store that has all that it was promised keeps it, whatever happens then.
 */
export const metered = (exact?: number): Metered => {
  const hash: Hash = createHash('md5')
  let size = 0
  let last: Buffer | undefined
  const mismatch = (came: string) => new PartMismatch(`${exact} bytes were announced and ${came} came`)

  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (exact !== undefined && size > exact) {
        done(mismatch('more'))
        return
      }
      hash.update(chunk)
      buffersPassed(chunk.length)
      if (size !== exact) {
        done(null, chunk)
        return
      }
      if (chunk.length > 0) last = chunk
      done()
    },
    flush(done) {
      if (exact !== undefined && size !== exact) done(mismatch(`only ${size}`))
      else done(null, last)
    },
  })
  return { stream, size: () => size, md5: () => hash.digest('hex') }
}
