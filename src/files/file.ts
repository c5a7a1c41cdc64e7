import { z } from 'zod'
import { count, id, text, timestamp } from '../lib/fields.ts'
import { Tags } from '../lib/tags.ts'
import { displayName } from './file-name.ts'

/** Refused where it is only a name of folders or invisible; otherwise cut down to what may be shown. */
const FileName = text(1, 1024)
  .transform(displayName)
  .meta({ examples: ['beach.jpg'] })

const FileType = z
  .string()
  .max(255)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/, 'must be a media type')
  .meta({ examples: ['image/jpeg'] })

/** SHA-256 in lower-case hexadecimal. */
const Sha256 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'must be a SHA-256 in hexadecimal')
  .transform(sum => sum.toLowerCase())
  .meta({ examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'] })

export const FileChanges = z
  .strictObject({ file_name: FileName.optional(), tags: Tags.optional(), is_public: z.boolean().optional() })
  .refine(changes => Object.keys(changes).length > 0, 'must change something')
  .meta({ id: 'FileChanges', minProperties: 1 })
export type FileChanges = z.output<typeof FileChanges>

/** What a resumable upload states before its first byte. */
export const NewUpload = z
  .strictObject({
    file_name: FileName,
    file_type: FileType,
    file_size: z.int().min(1),
    checksum_sha256: Sha256.optional(),
    tags: Tags.default([]),
    is_public: z.boolean().default(false),
  })
  .meta({
    id: 'NewUpload',
    examples: [{ file_name: 'beach.mp4', file_type: 'video/mp4', file_size: 157_286_400, tags: ['travel'] }],
  })
export type NewUpload = z.output<typeof NewUpload>

const Thumbnail = z.enum(['ready', 'pending', 'none'])

export const File = z
  .strictObject({
    file_id: id(),
    user_id: id(),
    file_name: z.string(),
    file_type: z.string(),
    file_size: count(),
    checksum_sha256: z.string(),
    upload_date: timestamp(),
    download_count: count(),
    is_public: z.boolean(),
    tags: z.array(z.string()),
    thumbnail: Thumbnail,
    metadata: z.strictObject({ original_name: z.string(), mime_type: z.string() }),
  })
  .meta({
    id: 'File',
    examples: [
      {
        file_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60',
        user_id: '019ab0c2-6f10-7b02-8c11-94d2a7e05b3f',
        file_name: 'beach.jpg',
        file_type: 'image/jpeg',
        file_size: 183_204,
        checksum_sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        upload_date: '2026-11-23T04:05:06.789Z',
        download_count: 12,
        is_public: true,
        tags: ['travel'],
        thumbnail: 'ready',
        metadata: { original_name: 'IMG_0042.jpg', mime_type: 'image/jpeg' },
      },
    ],
  })
export type File = z.infer<typeof File>

/** The parts of a resumable upload, agreed on before the first byte. */
export interface MultipartPlan {
  /** The store's own id; missing when the process died before it was known. */
  store_upload_id?: string
  part_size: number
  parts_count: number
  declared_type: string
  declared_sha256: string | null
  expires_at: string
}

/**
 * A file as the table holds it. `pending`: bytes may be on their way, nobody sees it. `ready`: the bytes are there.
 * `deleting`: nobody sees it any more, the bytes go. It only ever moves in that direction, by conditions.
 */
export interface FileRecord {
  user_id: string
  file_id: string
  status: 'pending' | 'ready' | 'deleting'
  key: string
  file_name: string
  original_name: string
  file_type: string
  file_size: number
  checksum_sha256: string
  upload_date: string
  download_count: number
  is_public: boolean
  tags: string[]
  thumbnail: z.infer<typeof Thumbnail>
  /** What counts against the owner's quota: reserved while pending, then the real size. */
  counted_bytes: number
  /** The job that takes the record away unless it becomes ready. */
  expiry_job: string
  multipart: MultipartPlan | null
}

export const toFile = (record: FileRecord): File => ({
  file_id: record.file_id,
  user_id: record.user_id,
  file_name: record.file_name,
  file_type: record.file_type,
  file_size: record.file_size,
  checksum_sha256: record.checksum_sha256,
  upload_date: record.upload_date,
  download_count: record.download_count,
  is_public: record.is_public,
  tags: record.tags,
  thumbnail: record.thumbnail,
  metadata: { original_name: record.original_name, mime_type: record.file_type },
})

export const thumbnailKey = (fileId: string): string => `thumbnails/${fileId}.jpg`
