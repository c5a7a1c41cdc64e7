import { createHash } from 'node:crypto'
import { z } from 'zod'

const Body = z.record(z.string(), z.unknown())

export const Plan = z.object({
  upload_id: z.string(),
  file_id: z.string(),
  part_size: z.number(),
  parts_count: z.number(),
})
export type Plan = z.infer<typeof Plan>

const State = z.object({
  upload: z.object({ status: z.string() }),
  parts: z.array(z.object({ part_number: z.number(), etag: z.string(), size: z.number() })),
})

export const Completed = z.object({
  status: z.literal('completed'),
  file: z.looseObject({ file_id: z.string(), checksum_sha256: z.string() }),
})

const SignedParts = z.object({
  parts: z.array(
    z.object({ part_number: z.number(), url: z.string(), headers: z.record(z.string(), z.string()) }),
  ),
})

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The bytes of one part of a whole. */
export const slice = (whole: Buffer<ArrayBuffer>, { part_size }: Pick<Plan, 'part_size'>, part: number) =>
  whole.subarray((part - 1) * part_size, part * part_size)

/** Somebody who uploads, as any client with `fetch` would. */
export const uploader = (url: string, token: string) => {
  const authorization = `Bearer ${token}`

  const call = async (
    method: string,
    path: string,
    body?: object | Buffer<ArrayBuffer> | FormData,
    extra: Record<string, string> = {},
  ) => {
    const raw = body instanceof Uint8Array || body instanceof FormData
    const type = body && !raw ? { 'content-type': 'application/json' } : {}
    const reply = await fetch(url + path, {
      method,
      headers: { authorization, ...type, ...extra },
      ...(body && { body: raw ? body : JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: Body.parse(text === '' ? {} : JSON.parse(text)) }
  }

  return {
    call,

    begin: async (whole: Uint8Array, more: object = {}) => {
      const wanted = { file_name: 'a.bin', file_type: 'application/octet-stream', file_size: whole.length }
      return Plan.parse((await call('POST', '/files/uploads', { ...wanted, ...more })).body)
    },

    put: (plan: Plan, part: number, bytes: Buffer<ArrayBuffer>) =>
      call('PUT', `/files/uploads/${plan.upload_id}/parts/${part}`, bytes),

    /** Straight into the store. */
    async putSigned(plan: Plan, part: number, bytes: Buffer<ArrayBuffer>) {
      const { body } = await call('POST', `/files/uploads/${plan.upload_id}/parts`, { part_numbers: [part] })
      const [signed] = SignedParts.parse(body).parts
      const { 'Content-Length': _, ...headers } = signed?.headers ?? {}
      return fetch(signed?.url ?? '', { method: 'PUT', headers, body: bytes })
    },

    state: async (plan: Plan) => State.parse((await call('GET', `/files/uploads/${plan.upload_id}`)).body),

    complete: (plan: Plan, body: object = {}, extra: Record<string, string> = {}) =>
      call('POST', `/files/uploads/${plan.upload_id}/complete`, body, extra),

    abort: (plan: Plan) => call('DELETE', `/files/uploads/${plan.upload_id}`),

    /** The bytes as they are served; null when they are not there. */
    async content(fileId: string) {
      const reply = await fetch(`${url}/files/${fileId}/content`, { headers: { authorization } })
      const bytes = Buffer.from(await reply.arrayBuffer())
      return reply.status === 200 ? bytes : null
    },
  }
}

export type Uploader = ReturnType<typeof uploader>
