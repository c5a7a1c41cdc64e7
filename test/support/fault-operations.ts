import { z } from 'zod'
import { type Plan, sha256, type Uploader } from './fault-client.ts'
import { PICTURE } from './seed-file.ts'
import { until } from './until.ts'

/** What a client was told of a file: that it is there from now on, or that it is not. */
export interface Acknowledged {
  file_id?: string
  there?: boolean
}

/** Something done with a file. */
export interface Operation {
  /** Of every file of it that is there. */
  bytes: Buffer
  /** How many it has on each store at the least: none must be taken for tested that are not seen any more. */
  steps: { disk?: number; s3: number }
  /** What comes before it, without faults. */
  prepare?(ann: Uploader): Promise<Plan | string>
  /** @param fault headers of the request that is interrupted */
  act(ann: Uploader, fault: Record<string, string>, prepared?: Plan | string): Promise<Acknowledged>
}

const BYTES = Buffer.from('What was acknowledged is there, bit for bit. '.repeat(50))
const LARGE = Buffer.alloc(6 * 1024 * 1024, 'More than the store takes in one request. ')
const Uploaded = z.object({ file: z.object({ file_id: z.string(), thumbnail: z.string() }) })

const upload = async (
  ann: Uploader,
  bytes: Buffer<ArrayBuffer>,
  type = 'application/octet-stream',
  headers: Record<string, string> = {},
) => {
  const form = new FormData()
  form.append('file', new Blob([bytes], { type }), 'a')
  const { status, body } = await ann.call('POST', '/files/upload', form, headers)
  if (status !== 201) throw new Error(`${status} for an upload`)
  return Uploaded.parse(body).file.file_id
}

const expected = (status: number, reply: { status: number; body: unknown }) => {
  if (reply.status !== status) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`)
}

const begun = (ann: Uploader) => ann.begin(BYTES, { checksum_sha256: sha256(BYTES) })
const sent = async (ann: Uploader) => {
  const plan = await begun(ann)
  expected(200, await ann.put(plan, 1, BYTES))
  return plan
}
const planOf = (prepared: Plan | string | undefined): Plan => {
  if (typeof prepared !== 'object') throw new Error('nothing was begun')
  return prepared
}

export const OPERATIONS: Record<string, Operation> = {
  'an upload in one go': {
    bytes: BYTES,
    steps: { disk: 19, s3: 13 },
    act: async (ann, fault) => ({ file_id: await upload(ann, BYTES, undefined, fault), there: true }),
  },
  'a large upload in one go': {
    bytes: LARGE,
    // On the disk it would be like a small one, with a hundred writes.
    steps: { s3: 16 },
    act: async (ann, fault) => ({ file_id: await upload(ann, LARGE, undefined, fault), there: true }),
  },
  'an upload of a picture and the making of its thumbnail': {
    bytes: PICTURE,
    steps: { disk: 36, s3: 20 },
    act: async (ann, fault) => ({ file_id: await upload(ann, PICTURE, 'image/png', fault), there: true }),
  },
  'the beginning of an upload in parts': {
    bytes: BYTES,
    steps: { disk: 12, s3: 7 },
    async act(ann, fault) {
      expected(
        201,
        await ann.call('POST', '/files/uploads', { file_name: 'a', file_type: 'a/b', file_size: 9 }, fault),
      )
      return {}
    },
  },
  'the sending of a part': {
    bytes: BYTES,
    steps: { disk: 6, s3: 3 },
    prepare: begun,
    async act(ann, fault, plan) {
      const path = `/files/uploads/${planOf(plan).upload_id}/parts/1`
      expected(200, await ann.call('PUT', path, BYTES, fault))
      return {}
    },
  },
  'the completion of parts': {
    bytes: BYTES,
    steps: { disk: 19, s3: 12 },
    prepare: sent,
    async act(ann, fault, plan) {
      expected(200, await ann.complete(planOf(plan), {}, fault))
      return { file_id: planOf(plan).file_id, there: true }
    },
  },
  'the giving up of an upload': {
    bytes: BYTES,
    steps: { disk: 16, s3: 13 },
    prepare: sent,
    async act(ann, fault, plan) {
      expected(204, await ann.call('DELETE', `/files/uploads/${planOf(plan).upload_id}`, undefined, fault))
      return { file_id: planOf(plan).file_id, there: false }
    },
  },
  'a deletion': {
    bytes: PICTURE,
    steps: { disk: 16, s3: 12 },
    async prepare(ann) {
      const fileId = await upload(ann, PICTURE, 'image/png')
      await until(
        async () => Uploaded.parse((await ann.call('GET', `/files/${fileId}`)).body).file.thumbnail,
        thumbnail => thumbnail === 'ready',
      )
      return fileId
    },
    async act(ann, fault, fileId) {
      expected(204, await ann.call('DELETE', `/files/${fileId}`, undefined, fault))
      return { file_id: String(fileId), there: false }
    },
  },
}
