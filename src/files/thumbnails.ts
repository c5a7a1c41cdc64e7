import { availableParallelism } from 'node:os'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import pLimit from 'p-limit'
import sharp from 'sharp'
import { z } from 'zod'
import type { BlobStore } from '../infra/blobs/blob-store.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { Logger } from '../infra/logger.ts'
import { jobKind } from '../infra/outbox/job.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { type FileRecord, thumbnailKey } from './file.ts'
import type { FileStore } from './file-store.ts'
import { isPicture } from './file-type.ts'

const SIDE = 300
const MOST_PIXELS = 50_000_000
/** Of the original: a picture of 50 megapixels stays well below it. */
const MOST_BYTES = 64 * 1024 * 1024
const SECONDS = 20

/** Small pictures of pictures, made in the background. */
export interface Thumbnails {
  /** What a new file's thumbnail is to be, and the jobs that make it, for the file's own transaction. */
  for(record: FileRecord, type: string): { state: FileRecord['thumbnail']; jobs: Write[] }
}

const makeThumbnail = jobKind('file.thumbnail', z.object({ user_id: z.string(), file_id: z.string() }))

/** Upright by its EXIF, on white where it is transparent, without any metadata. Rejects for what is no picture. */
const renderThumbnail = (original: Buffer): Promise<Buffer> =>
  sharp(original, { limitInputPixels: MOST_PIXELS, failOn: 'error', animated: false })
    .rotate()
    .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 80 })
    .timeout({ seconds: SECONDS })
    .toBuffer()

interface Parts {
  store: FileStore
  blobs: BlobStore
  outbox: Outbox
  logger: Logger
}

export const createThumbnails = ({ store, blobs, outbox, logger }: Parts): Thumbnails => {
  // One at a time for each core, each on one thread: pictures must not slow requests down.
  const limit = pLimit(availableParallelism())
  sharp.concurrency(1)
  sharp.cache(false)

  /** Null when nothing can be made of it: a fault of the picture, which would be there at every try. */
  const render = async (file: FileRecord) => {
    if (file.file_size > MOST_BYTES) {
      logger.info({ file_id: file.file_id }, 'no thumbnail is made of a file this large')
      return null
    }
    const { body } = await blobs.get(file.key)
    const original = await buffer(body)
    try {
      return await renderThumbnail(original)
    } catch (error) {
      logger.info({ err: error, file_id: file.file_id }, 'no thumbnail can be made of this file')
      return null
    }
  }

  outbox.on(makeThumbnail, async key => {
    const file = await store.get(key)
    if (file?.status !== 'ready') {
      // Deleted, and an earlier try of this job may have come after the deletion.
      await blobs.remove(thumbnailKey(key.file_id))
      return
    }
    if (file.thumbnail !== 'pending') return
    // What waits its turn is not in memory yet.
    const thumbnail = await limit(() => render(file))
    if (thumbnail) {
      // A thumbnail of an earlier try is the same; what stands is left.
      await blobs.remove(thumbnailKey(file.file_id))
      await blobs.put(thumbnailKey(file.file_id), Readable.from([thumbnail]), { contentType: 'image/jpeg' })
    }
    const stillThere = await store.update(key, { thumbnail: thumbnail ? 'ready' : 'none' })
    // Deleted meanwhile: its removal may have been here before the thumbnail was.
    if (!stillThere) await blobs.remove(thumbnailKey(file.file_id))
  })

  return {
    for: ({ user_id, file_id }, type) =>
      isPicture(type)
        ? { state: 'pending', jobs: [outbox.entry(makeThumbnail, { user_id, file_id })] }
        : { state: 'none', jobs: [] },
  }
}
