import type { Readable } from 'node:stream'

/** A stream, one part after the other. */
export interface PartReader {
  /**
   * Reads until a part is full or the stream has ended. The bytes are good until the next call.
   * @throws what the stream fails with
   */
  next(size: number): Promise<{ bytes: Buffer; last: boolean }>
  /** Bytes read so far. */
  size(): number
}

/** A small stream does not take the memory of a large one. */
const FIRST_ROOM = 256 * 1024

/** Holds one part, and of what comes after it a chunk: its memory does not depend on how the bytes come in. */
export const createPartReader = (source: Readable): PartReader => {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]()
  let room = Buffer.allocUnsafeSlow(FIRST_ROOM)
  let used = 0
  let ahead: Buffer | null = Buffer.alloc(0)
  let total = 0

  /** Room for the bytes that are there and as many more as may come. */
  const grow = (size: number) => {
    const larger = Buffer.allocUnsafeSlow(size)
    room.copy(larger, 0, 0, used)
    room = larger
  }

  const take = (chunk: Buffer, size: number) => {
    const wanted = Math.min(chunk.length, size - used)
    if (used + wanted > room.length) grow(size)
    chunk.copy(room, used, 0, wanted)
    used += wanted
    return chunk.subarray(wanted)
  }

  const read = async () => {
    const { done, value } = await chunks.next()
    if (done) return null
    total += value.length
    return value
  }

  return {
    async next(size) {
      used = 0
      while (ahead) {
        ahead = take(ahead, size)
        if (ahead.length > 0) break
        ahead = await read()
      }
      return { bytes: room.subarray(0, used), last: ahead === null }
    },
    size: () => total,
  }
}
