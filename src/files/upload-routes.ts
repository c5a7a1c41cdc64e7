import type { Readable } from 'node:stream'
import type { Request } from 'express'
import { z } from 'zod'
import { checkDigest, DigestHeaders, declaredDigest } from '../http/content-digest.ts'
import { endpoint } from '../http/endpoint.ts'
import { type Along, type Idempotency, IdempotencyHeaders } from '../http/idempotency.ts'
import { checked } from '../http/problem.ts'
import { gone } from '../http/request-stream.ts'
import { Problem } from '../lib/errors.ts'
import { Tags } from '../lib/tags.ts'
import { File, type FileRecord, toFile } from './file.ts'
import { receiveForm } from './receive-form.ts'
import { JsonUpload, receiveJson } from './receive-json.ts'
import { identify, identityOf } from './repeated-upload.ts'
import {
  type Described,
  type Staged,
  tooLarge,
  type UploadedFile,
  type UploadService,
} from './upload-service.ts'

const Flag = z.enum(['true', 'false']).transform(flag => flag === 'true')

const parsedJson = z.string().transform((value, context): unknown => {
  try {
    return JSON.parse(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array' })
    return z.NEVER
  }
})

/** What a form says of its file. */
const FormFields = z.strictObject({ tags: parsedJson.pipe(Tags).default([]), is_public: Flag.default(false) })

/** The same for who reads the reference: a list travels as JSON. */
const UploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  tags: Tags.default([]).meta({ examples: [[]] }),
  is_public: z.boolean().default(false),
})

const UploadReply = z.strictObject({
  message: z.string(),
  file: File,
  fileId: z.string().optional(),
  fileKey: z.string().optional(),
})

/** What a form adds to its file at the most. */
const FORM_BYTES = 64 * 1024

/** In JSON a byte takes a third more than itself, or, with every digit escaped, eight times as much. */
const DIGITS_A_BYTE = 4 / 3
const MOST_A_BYTE = 8

/** How long the body is that was announced. */
const announced = (req: Request) => {
  const length = req.get('content-length')
  if (length !== undefined) return Number(length)
  throw new Problem(411, 'length_required', 'Length required', 'Send a Content-Length.')
}

const uncompressed = (req: Request) => {
  if ((req.get('content-encoding') ?? 'identity').toLowerCase() === 'identity') return
  throw new Problem(415, 'unsupported_type', 'Unsupported type', 'Send the body uncompressed.')
}

const unsupportedBody = () =>
  new Problem(415, 'unsupported_type', 'Unsupported type', 'Send multipart/form-data or application/json.')

const published = async <Made>(
  staged: Staged<Made>,
  described: () => Promise<Described>,
  along: Along<Made>,
): Promise<Made> => {
  try {
    return await staged.publish(await described(), along)
  } catch (error) {
    await staged.discard()
    throw error
  }
}

type Receive<Made> = (file: UploadedFile, bytes: Readable) => Promise<Staged<Made>>

/** Reads a body of one kind: its file goes to `receive`. */
type Read = <Made>(req: Request, receive: Receive<Made>, along: Along<Made>) => Promise<Made>

export const uploadRoutes = (uploads: UploadService, maxFileSize: number, idempotency: Idempotency) => {
  /** How many bytes a file can have, by the length of what it comes in. */
  const between = (least: number, most: number) => {
    if (least > maxFileSize) throw tooLarge(maxFileSize)
    return { least: Math.max(0, Math.floor(least)), most: Math.floor(most) }
  }

  const fromForm: Read = async (req, receive, along) => {
    const length = announced(req)
    const expected = between(length - FORM_BYTES, length)
    const digestHolds = checkDigest(req, uploads.idleMs)
    const { staged, fields } = await receiveForm(req, uploads.idleMs, (file, bytes) =>
      receive({ ...file, expected }, bytes),
    )
    const described = () => digestHolds().then(() => checked(FormFields, fields))
    return published(staged, described, along)
  }

  const fromJson: Read = async (req, receive, along) => {
    uncompressed(req)
    const length = announced(req)
    const expected = between((length - FORM_BYTES) / MOST_A_BYTE, length / DIGITS_A_BYTE)
    const digestHolds = checkDigest(req, uploads.idleMs)
    const { staged, ...about } = await receiveJson(req, uploads.idleMs, ({ name = '', type = '' }, bytes) =>
      receive({ name, type, expected }, bytes),
    )
    const described = () => digestHolds().then(() => ({ tags: [], is_public: false, ...about }))
    return published(staged, described, along)
  }

  const kindOf = (req: Request) => {
    if (req.is('multipart/form-data')) return 'form'
    if (req.is('application/json')) return 'json'
    throw unsupportedBody()
  }

  return [
    endpoint(
      {
        method: 'post',
        path: '/files/upload',
        summary: 'Upload a file in one go',
        auth: 'required',
        headers: IdempotencyHeaders.extend(DigestHeaders.shape),
        reads: { 'multipart/form-data': UploadForm, 'application/json': JsonUpload },
        reply: UploadReply,
        status: 201,
        problems: [409, 411, 507],
        limits: ['uploads', 'upload_bytes'],
      },
      ({ viewer, req }) => {
        const kind = kindOf(req)
        const read: Read = kind === 'form' ? fromForm : fromJson
        const digest = declaredDigest(req)
        return idempotency.once({
          // Bytes that are on their way are told by what is said of them before.
          ...{ req, viewer, request: { kind, length: req.get('content-length'), digest } },
          make: along => read(req, (file, bytes) => uploads.receive(viewer, file, bytes, gone(req)), along),
          reply: (record: FileRecord) => ({
            message: 'File uploaded successfully',
            file: toFile(record),
            ...(kind === 'json' && { fileId: record.file_id, fileKey: record.key }),
          }),
          // Their length alone does not tell them apart: without a digest they are read once more.
          ...(digest === null && {
            content: {
              of: identityOf,
              again: async () => identityOf(await read(req, identify, async () => [])),
            },
          }),
        })
      },
    ),
  ]
}
