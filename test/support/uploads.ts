import { createHash } from 'node:crypto'
import type { FileRecord } from '../../src/files/file.ts'
import type { TestApp } from './app.ts'
import { as, type SeededUser } from './seed.ts'
import { until } from './until.ts'

interface Upload {
  name?: string
  type?: string
  tags?: string[]
  is_public?: boolean
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Sends a form with a file, fields first. */
export const upload = (app: TestApp, owner: SeededUser, bytes: Buffer, about: Upload = {}) => {
  const { name = 'notes.bin', type = 'application/octet-stream', tags, is_public } = about
  const call = as(app, owner).post('/files/upload')
  if (tags) call.field('tags', JSON.stringify(tags))
  if (is_public !== undefined) call.field('is_public', String(is_public))
  return call.attach('file', bytes, { filename: name, contentType: type })
}

/** Uploads what must arrive. */
export const uploaded = async (app: TestApp, owner: SeededUser, bytes: Buffer, about: Upload = {}) => {
  const { body } = await upload(app, owner, bytes, about).expect(201)
  return body.file
}

/** Everything that is kept of an owner's files, below all of the API. */
export const kept = async (app: TestApp, owner: SeededUser) => {
  const { dynamo, blobs } = app.context.backends
  const records: FileRecord[] = []
  for await (const record of dynamo.scan<FileRecord>('FileMetadata')) {
    if (record.user_id === owner.user_id) records.push(record)
  }
  const owners: string[] = []
  for await (const row of dynamo.scan<{ file_id: string; user_id: string }>('FileOwners')) {
    if (row.user_id === owner.user_id) owners.push(row.file_id)
  }
  const objects: string[] = []
  for await (const { key } of blobs.list(`user-files/${owner.user_id}/`)) objects.push(key)
  const storage = await dynamo.get<{ stored_bytes: number }>('Storage', { user_id: owner.user_id })
  return {
    records: records.map(record => record.file_id),
    owners,
    objects,
    stored_bytes: storage?.stored_bytes ?? 0,
  }
}

export const NOTHING = { records: [], owners: [], objects: [], stored_bytes: 0 }

/** What is kept once everything that was begun is done: also by who did not wait for an answer. */
export const keptAtLast = async (app: TestApp, owner: SeededUser) => {
  await until(app.context.outbox.waiting, waiting => waiting === 0)
  return kept(app, owner)
}

/** A form as bytes, for what no client would send. */
export const form = (parts: { head: string; body: Uint8Array | string }[], boundary = 'xxBOUNDARYxx') => ({
  headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  body: Buffer.concat([
    ...parts.flatMap(({ head, body }) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]),
})
