import { z } from 'zod'
import { BytesReply, endpoint, OtherReply } from '../http/endpoint.ts'
import { SANDBOXED } from '../http/security-headers.ts'
import { id, nextCursor, Paging, timestamp } from '../lib/fields.ts'
import { Tag } from '../lib/tags.ts'
import { File, FileChanges, toFile } from './file.ts'
import { type FileService, presentation } from './file-service.ts'

const FileParams = z.strictObject({ file_id: id() })
const FileReply = z.strictObject({ file: File })
const FileList = z.strictObject({ files: z.array(File), next_cursor: nextCursor() })
const FileQuery = Paging.extend({ tag: Tag.optional() })

const LONGEST_URL_SECONDS = 3600

const UrlOptions = z
  .strictObject({ expires_in: z.int().min(1).max(LONGEST_URL_SECONDS).default(LONGEST_URL_SECONDS) })
  .prefault({})
  .meta({ id: 'UrlOptions' })
const UrlReply = z.strictObject({ url: z.string(), method: z.literal('GET'), expires_at: timestamp() })

const ThumbnailPending = z.strictObject({ status: z.literal('pending') })

export const fileRoutes = (files: FileService) => [
  endpoint(
    {
      method: 'get',
      path: '/files',
      summary: "The viewer's files, newest first",
      auth: 'required',
      query: FileQuery,
      reply: FileList,
      status: 200,
    },
    async ({ viewer, query: { tag, ...page } }) => {
      const { files: found, next_cursor } = await files.list(viewer, tag, page)
      return { files: found.map(toFile), next_cursor }
    },
  ),

  endpoint(
    {
      method: 'get',
      path: '/files/:file_id',
      summary: 'A file',
      auth: 'optional',
      params: FileParams,
      reply: FileReply,
      status: 200,
      etag: true,
    },
    async ({ viewer, params }) => ({ file: toFile(await files.get(viewer, params.file_id)) }),
  ),

  endpoint(
    {
      method: 'patch',
      path: '/files/:file_id',
      summary: 'Change one of the own files',
      auth: 'required',
      params: FileParams,
      body: FileChanges,
      reply: FileReply,
      status: 200,
      problems: [403],
    },
    async ({ viewer, params, body }) => ({ file: toFile(await files.update(viewer, params.file_id, body)) }),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/files/:file_id',
      summary: 'Delete one of the own files',
      auth: 'required',
      params: FileParams,
      status: 204,
      problems: [403],
    },
    ({ viewer, params }) => files.remove(viewer, params.file_id),
  ),

  endpoint(
    {
      method: 'get',
      path: '/files/:file_id/content',
      summary: "A file's bytes, whole or in part",
      auth: 'optional',
      params: FileParams,
      sends: 'application/octet-stream',
      status: 200,
    },
    async ({ viewer, params }) => {
      const { record, open } = await files.content(viewer, params.file_id)
      const { contentType, contentDisposition } = presentation(record)
      return new BytesReply({
        size: record.file_size,
        etag: record.checksum_sha256,
        headers: { ...SANDBOXED, 'Content-Type': contentType, 'Content-Disposition': contentDisposition },
        async open(range, signal) {
          const body = await open(range, signal)
          // A download that comes in many ranges begins once.
          if (range && range.start > 0) return body
          try {
            await files.countDownload(record)
          } catch (error) {
            body.destroy()
            throw error
          }
          return body
        },
      })
    },
  ),

  endpoint(
    {
      method: 'get',
      path: '/files/:file_id/thumbnail',
      summary: 'A small picture of a picture',
      auth: 'optional',
      params: FileParams,
      sends: 'image/jpeg',
      otherReplies: { 202: ThumbnailPending },
      status: 200,
    },
    async ({ viewer, params }) => {
      const thumbnail = await files.thumbnail(viewer, params.file_id)
      if (!thumbnail) return new OtherReply(202, { status: 'pending' })
      const headers = { ...SANDBOXED, 'Content-Type': 'image/jpeg', 'Content-Disposition': 'inline' }
      return new BytesReply({ ...thumbnail, headers })
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/files/:file_id/url',
      summary: 'A URL at which the store itself serves the file for a while',
      auth: 'optional',
      params: FileParams,
      body: UrlOptions,
      reply: UrlReply,
      status: 200,
      limits: [],
      secret: true,
    },
    ({ viewer, params, body }) => files.url(viewer, params.file_id, body.expires_in),
  ),
]
