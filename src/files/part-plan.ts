import type { CompletedPart, StoredPart } from '../infra/blobs/blob-store.ts'
import { Problem } from '../lib/errors.ts'
import type { FileRecord, MultipartPlan } from './file.ts'

/** An upload that is under way. Its id is that of the file that it will be. */
export type Upload = FileRecord & { multipart: MultipartPlan }

const MIB = 1024 * 1024
const SMALLEST_PART = 8 * MIB
const MOST_PARTS = 10_000

/** Parts of 8 MiB, or of as many MiB as it takes to need no more than 10,000. */
export const planParts = (size: number): { part_size: number; parts_count: number } => {
  const part_size = Math.max(SMALLEST_PART, Math.ceil(size / MOST_PARTS / MIB) * MIB)
  return { part_size, parts_count: Math.ceil(size / part_size) }
}

/** Every part is as long as the plan says; the last one has the rest. */
export const sizeOfPart = (
  { file_size, multipart: { part_size, parts_count } }: Upload,
  partNumber: number,
) => (partNumber < parts_count ? part_size : file_size - part_size * (parts_count - 1))

const partsMissing = (missing: readonly number[]) =>
  new Problem(
    409,
    'parts_missing',
    'Parts missing',
    `These parts have not arrived: ${missing.slice(0, 20).join(', ')}.`,
  )

export const mismatch = (code: 'size_mismatch' | 'checksum_mismatch', detail: string) =>
  new Problem(422, code, code === 'size_mismatch' ? 'Size mismatch' : 'Checksum mismatch', detail)

const bare = (etag: string) => etag.replaceAll('"', '')

/** What the client says, or else what has arrived, held against the plan. */
export const checkParts = (
  upload: Upload,
  arrived: readonly StoredPart[],
  stated: readonly CompletedPart[] | undefined,
) => {
  const byNumber = new Map(arrived.map(part => [part.part_number, part]))
  const etags = new Map(stated?.map(part => [part.part_number, bare(part.etag)]))
  const numbers = Array.from({ length: upload.multipart.parts_count }, (_, at) => at + 1)
  const missing = numbers.filter(n => !byNumber.has(n) || (stated && etags.get(n) !== byNumber.get(n)?.etag))
  if (missing.length > 0) throw partsMissing(missing)
  const wrong = numbers.find(n => byNumber.get(n)?.size !== sizeOfPart(upload, n))
  if (wrong !== undefined) throw mismatch('size_mismatch', `Part ${wrong} is not as long as it was planned.`)
  return numbers.map(part_number => ({ part_number, etag: byNumber.get(part_number)?.etag ?? '' }))
}
