import { Readable } from 'node:stream'
import express, { type Request } from 'express'
import { z } from 'zod'
import { checkDigest, DigestHeaders, declaredDigest } from '../http/content-digest.ts'
import { endpoint } from '../http/endpoint.ts'
import { type Along, type Idempotency, IdempotencyHeaders } from '../http/idempotency.ts'
import { invalid } from '../http/problem.ts'
import { gone, watchBody } from '../http/request-stream.ts'

import { Problem } from '../lib/errors.ts'
import { text } from '../lib/fields.ts'
import { Tags } from '../lib/tags.ts'
import { File, type FileRecord, toFile } from './file.ts'
import { receiveForm } from './receive-form.ts'
import { identify, identityOf } from './repeated-upload.ts'
import {
  type Described,
  type Staged,
  tooLarge,
  type UploadedFile,
  type UploadService,
} from './upload-service.ts'

const Flag = z.enum(['true', 'false']).transform(flag => flag === 'true')

const fromJson = z.string().transform((value, context): unknown => {
  try {
    return JSON.parse(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array' })
    return z.NEVER
  }
})

/** What a form says of its file. */
const FormFields = z.strictObject({ tags: fromJson.pipe(Tags).default([]), is_public: Flag.default(false) })

const UploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  tags: z.string().optional().meta({ description: 'A JSON array of tags' }),
  is_public: z.enum(['true', 'false']).optional(),
})

/** The body of the original design: the whole file in base64. */
const JsonUpload = z.strictObject({
  fileName: text(1, 1024),
  fileContent: z.base64('must be base64'),
  fileType: z.string().max(255).default(''),
})

const UploadReply = z.strictObject({
  message: z.string(),
  file: File,
  fileId: z.string().optional(),
  fileKey: z.string().optional(),
})

/** What a form adds to its file at the most. */
const FORM_BYTES = 64 * 1024

const readJson = express.json({ limit: '16mb', inflate: false })

const tooLargeForJson = () =>
  new Problem(
    413,
    'file_too_large',
    'File too large',
    'As JSON at most 12 MiB: send it as multipart/form-data.',
  )

const isTooLarge = (error: object) => 'type' in error && error.type === 'entity.too.large'

const jsonOf = async (req: Request, idleMs: number) => {
  let endWatch = () => {}
  try {
    return await new Promise<unknown>((resolve, reject) => {
      endWatch = watchBody(req, idleMs, reject)
      readJson(req, req.res ?? Object.create(null), (error?: object | string) => {
        if (error === undefined) resolve(req.body)
        else reject(typeof error === 'object' && isTooLarge(error) ? tooLargeForJson() : error)
      })
    })
  } finally {
    endWatch()
  }
}

const checked = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error, true)
  return parsed.data
}

/** The length that was announced: what is claimed of the quota until the real one is known. */
const announced = (req: Request, limit: number) => {
  const length = req.get('content-length')
  if (length === undefined) {
    throw new Problem(411, 'length_required', 'Length required', 'Send a Content-Length.')
  }
  if (Number(length) > limit + FORM_BYTES) throw tooLarge(limit)
  return Number(length)
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
  const fromForm: Read = async (req, receive, along) => {
    const expectedBytes = announced(req, maxFileSize)
    const digestHolds = checkDigest(req, uploads.idleMs)
    const { staged, fields } = await receiveForm(req, uploads.idleMs, (file, bytes) =>
      receive({ ...file, expectedBytes }, bytes),
    )
    const described = () => digestHolds().then(() => checked(FormFields, fields))
    return published(staged, described, along)
  }

  const fromJsonBody: Read = async (req, receive, along) => {
    const digestHolds = checkDigest(req, uploads.idleMs)
    const { fileName, fileContent, fileType } = checked(JsonUpload, await jsonOf(req, uploads.idleMs))
    const bytes = Buffer.from(fileContent, 'base64')
    if (bytes.length > maxFileSize) throw tooLarge(maxFileSize)
    const file = { name: fileName, type: fileType, expectedBytes: bytes.length }
    const staged = await receive(file, Readable.from([bytes]))
    const described = () => digestHolds().then(() => ({ tags: [], is_public: false }))
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
      },
      ({ viewer, req }) => {
        const kind = kindOf(req)
        const read: Read = kind === 'form' ? fromForm : fromJsonBody
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
