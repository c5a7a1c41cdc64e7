import type { Request } from 'express'
import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { checked } from '../http/problem.ts'
import { gone } from '../http/request-stream.ts'
import type { Viewer } from '../http/viewer.ts'
import { Problem } from '../lib/errors.ts'
import { Tags } from '../lib/tags.ts'
import { File, toFile } from './file.ts'
import { receiveForm } from './receive-form.ts'
import { JsonUpload, receiveJson } from './receive-json.ts'
import { type Described, type Staged, tooLarge, type UploadService } from './upload-service.ts'

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

const UploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  tags: z.string().optional().meta({ description: 'A JSON array of tags' }),
  is_public: z.enum(['true', 'false']).optional(),
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

const published = async (staged: Staged, described: () => Described) => {
  try {
    return await staged.publish(described())
  } catch (error) {
    await staged.discard()
    throw error
  }
}

export const uploadRoutes = (uploads: UploadService, maxFileSize: number) => {
  /** How many bytes a file can have, by the length of what it comes in. */
  const between = (least: number, most: number) => {
    if (least > maxFileSize) throw tooLarge(maxFileSize)
    return { least: Math.max(0, Math.floor(least)), most: Math.floor(most) }
  }

  const fromForm = async (viewer: Viewer, req: Request) => {
    const length = announced(req)
    const expected = between(length - FORM_BYTES, length)
    const { staged, fields } = await receiveForm(req, uploads.idleMs, (file, bytes) =>
      uploads.receive(viewer, { ...file, expected }, bytes, gone(req)),
    )
    return published(staged, () => checked(FormFields, fields))
  }

  const fromJson = async (viewer: Viewer, req: Request) => {
    uncompressed(req)
    const length = announced(req)
    const expected = between((length - FORM_BYTES) / MOST_A_BYTE, length / DIGITS_A_BYTE)
    const { staged, ...about } = await receiveJson(req, uploads.idleMs, ({ name = '', type = '' }, bytes) =>
      uploads.receive(viewer, { name, type, expected }, bytes, gone(req)),
    )
    return published(staged, () => ({ tags: [], is_public: false, ...about }))
  }

  return [
    endpoint(
      {
        method: 'post',
        path: '/files/upload',
        summary: 'Upload a file in one go',
        auth: 'required',
        reads: { 'multipart/form-data': UploadForm, 'application/json': JsonUpload },
        reply: UploadReply,
        status: 201,
        problems: [409, 411, 507],
        limits: ['uploads', 'upload_bytes'],
      },
      async ({ viewer, req }) => {
        const message = 'File uploaded successfully'
        if (req.is('multipart/form-data')) return { message, file: toFile(await fromForm(viewer, req)) }
        if (!req.is('application/json')) throw unsupportedBody()
        const record = await fromJson(viewer, req)
        return { message, file: toFile(record), fileId: record.file_id, fileKey: record.key }
      },
    ),
  ]
}
