import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { type Idempotency, IdempotencyHeaders } from '../http/idempotency.ts'
import { brokenOff, bytesOf, gone, watchBody } from '../http/request-stream.ts'
import { count, id, timestamp } from '../lib/fields.ts'
import { File, NewUpload, toFile } from './file.ts'
import type { MultipartService } from './multipart-service.ts'
import type { Upload } from './part-plan.ts'

const UploadParams = z.strictObject({ upload_id: id() })
const PartParams = UploadParams.extend({
  part_number: z
    .string()
    .regex(/^[1-9]\d{0,4}$/)
    .transform(Number),
})

const plan = { part_size: z.int(), parts_count: z.int(), expires_at: timestamp() }

const Begun = z.strictObject({ file_id: id(), upload_id: id(), status: z.literal('initiated'), ...plan })

const UploadState = z
  .strictObject({ upload_id: id(), file_id: id(), status: z.enum(['initiated', 'completed']), ...plan })
  .meta({ id: 'Upload' })

const StoredPart = z.strictObject({ part_number: z.int(), etag: z.string(), size: count() })

const PartsWanted = z
  .strictObject({ part_numbers: z.array(z.int()).min(1).max(100) })
  .meta({ id: 'PartsWanted', examples: [{ part_numbers: [1, 2] }] })

const SignedParts = z.strictObject({
  parts: z.array(
    z.strictObject({
      part_number: z.int(),
      url: z.string(),
      method: z.literal('PUT'),
      headers: z.record(z.string(), z.string()),
      expires_at: timestamp(),
    }),
  ),
})

const Completion = z
  .strictObject({
    parts: z
      .array(z.strictObject({ part_number: z.int(), etag: z.string().max(256) }))
      .max(10_000)
      .optional(),
  })
  .prefault({})
  .meta({ id: 'Completion' })

const stateOf = (upload: Upload) => ({
  upload_id: upload.file_id,
  file_id: upload.file_id,
  status: upload.status === 'ready' ? ('completed' as const) : ('initiated' as const),
  part_size: upload.multipart.part_size,
  parts_count: upload.multipart.parts_count,
  expires_at: upload.multipart.expires_at,
})

export const multipartRoutes = (uploads: MultipartService, idempotency: Idempotency) => [
  endpoint(
    {
      method: 'post',
      path: '/files/uploads',
      summary: 'Begin an upload in parts, which can be resumed',
      auth: 'required',
      headers: IdempotencyHeaders,
      body: NewUpload,
      reply: Begun,
      status: 201,
      problems: [409, 507],
      limits: ['uploads'],
    },
    ({ req, viewer, body }) =>
      idempotency.once({
        ...{ req, viewer, request: body },
        make: along => uploads.begin(viewer, body, along),
        reply: (upload: Upload) => ({ ...stateOf(upload), status: 'initiated' as const }),
      }),
  ),

  endpoint(
    {
      method: 'get',
      path: '/files/uploads/:upload_id',
      summary: 'What has arrived of an upload',
      auth: 'required',
      params: UploadParams,
      reply: z.strictObject({ upload: UploadState, parts: z.array(StoredPart) }),
      status: 200,
    },
    async ({ viewer, params }) => {
      const { upload, parts } = await uploads.get(viewer, params.upload_id)
      return { upload: stateOf(upload), parts }
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/files/uploads/:upload_id/parts',
      summary: 'URLs to which the client puts parts straight into the store',
      auth: 'required',
      params: UploadParams,
      body: PartsWanted,
      reply: SignedParts,
      status: 200,
      problems: [409],
      secret: true,
    },
    async ({ viewer, params, body }) => {
      const parts = await uploads.presign(viewer, params.upload_id, body.part_numbers)
      return { parts: parts.map(part => ({ ...part, method: 'PUT' as const })) }
    },
  ),

  endpoint(
    {
      method: 'put',
      path: '/files/uploads/:upload_id/parts/:part_number',
      summary: 'One part, through this service',
      auth: 'required',
      params: PartParams,
      reads: { 'application/octet-stream': z.string().meta({ format: 'binary' }) },
      reply: z.strictObject({ part_number: z.int(), etag: z.string() }),
      status: 200,
      problems: [409],
      limits: ['upload_parts', 'upload_bytes'],
    },
    async ({ viewer, params, req }) => {
      const length = req.get('content-length')
      const size = length === undefined ? undefined : Number(length)
      const body = bytesOf(req)
      const endWatch = watchBody(req, uploads.idleMs, problem => body.destroy(problem))
      try {
        return await uploads.put(viewer, params.upload_id, params.part_number, body, size, gone(req))
      } catch (error) {
        throw brokenOff(req, error)
      } finally {
        endWatch()
        // What nobody wanted of it has to pass, or nothing more would come over this connection.
        body.destroy()
        req.unpipe()
        req.resume()
      }
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/files/uploads/:upload_id/complete',
      summary: 'Make the file of its parts',
      auth: 'required',
      params: UploadParams,
      body: Completion,
      reply: z.strictObject({ status: z.literal('completed'), file: File }),
      status: 200,
      slow: true,
      problems: [409],
    },
    async ({ viewer, params, body }) => {
      const record = await uploads.complete(viewer, params.upload_id, body.parts)
      return { status: 'completed' as const, file: toFile(record) }
    },
  ),

  endpoint(
    {
      method: 'delete',
      path: '/files/uploads/:upload_id',
      summary: 'Give an upload up',
      auth: 'required',
      params: UploadParams,
      status: 204,
    },
    ({ viewer, params }) => uploads.abort(viewer, params.upload_id),
  ),
]
