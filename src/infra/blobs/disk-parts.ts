import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { StoredPart } from './blob-store.ts'
import { isErrno } from './durable-files.ts'

/** A part's file tells all of it by its name, so that a list of thousands is one look at the folder. */
interface PartFile extends StoredPart {
  name: string
}

const NAME = /^part-(\d{5})-(\d+)-([0-9a-f]{32})$/

export const partName = ({ part_number, size, etag }: StoredPart) =>
  `part-${String(part_number).padStart(5, '0')}-${size}-${etag}`

/**
 * All files of parts in order, or null when there is no such folder. After a crash there may be two of one part,
 * of which at most one was acknowledged to nobody yet: see `distinct`.
 */
export const readPartFiles = async (folder: string): Promise<PartFile[] | null> => {
  try {
    const names = await readdir(folder)
    return names.sort().flatMap(name => {
      const [, number, size, etag] = NAME.exec(name) ?? []
      return etag === undefined ? [] : [{ name, part_number: Number(number), size: Number(size), etag }]
    })
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return null
    throw error
  }
}

/** One file a part, and always the same one of two: both arrived whole, and the client knows only their ETags. */
export const distinct = (files: readonly PartFile[]): PartFile[] =>
  files.filter(({ part_number }, at) => files[at - 1]?.part_number !== part_number)

const READ_AHEAD = 1024 * 1024

/** The bytes of one after the other. */
export const concatenated = (paths: readonly string[]): Readable =>
  Readable.from(
    (async function* () {
      for (const path of paths) yield* createReadStream(path, { highWaterMark: READ_AHEAD })
    })(),
    { objectMode: false, highWaterMark: READ_AHEAD },
  )
