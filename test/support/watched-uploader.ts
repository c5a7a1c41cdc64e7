import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { TestApp } from './app.ts'
import { exchange } from './exchange.ts'
import type { Heard } from './heard.ts'
import type { SeededUser } from './seed.ts'
import { form } from './uploads.ts'
import { type Asking, type WatchedClient, watchedClient } from './watched-client.ts'

interface KnownFile {
  bytes: Buffer
  state: 'there' | 'perhaps' | 'gone'
}

/** For how long a client goes on reading a body that comes slowly, or not at all. Milliseconds. */
const READING = 1_000

interface Downloaded {
  status: number
  headers: Headers
  body: Buffer
  whole: boolean
}

/** Reads a body as far as it comes. @returns with the time until it began */
const download = (url: string, token: string) =>
  new Promise<{ reply: Downloaded; ms: number }>((resolve, reject) => {
    const begun = performance.now()
    const sending = request(url, { headers: { Authorization: `Bearer ${token}` }, agent: false })
    sending
      .on('error', reject)
      .on('response', res => {
        const ms = performance.now() - begun
        const chunks: Buffer[] = []
        const timer = setTimeout(() => sending.destroy(), READING)
        res
          .on('error', () => {})
          .on('data', chunk => chunks.push(chunk))
          .on('close', () => {
            clearTimeout(timer)
            const headers = new Headers()
            for (const [name, values = []] of Object.entries(res.headersDistinct))
              for (const value of values) headers.append(name, value)
            const reply = {
              status: res.statusCode ?? 0,
              headers,
              body: Buffer.concat(chunks),
              whole: res.complete,
            }
            resolve({ reply, ms })
          })
      })
      .end()
  })

/** Somebody who uploads, downloads and deletes files, none of them like another, and looks at every byte. */
export const watchedUploader = (app: TestApp, user: SeededUser, heard: Heard): WatchedClient =>
  watchedClient(app, user, heard, asking => uploader(app, user, heard, asking))

const uploader = (app: TestApp, user: SeededUser, heard: Heard, asking: Asking) => {
  const { ask, check } = asking
  const files = new Map<string, KnownFile>()
  /** Checksums of what was sent and not acknowledged. */
  const begun = new Map<string, Buffer>()
  const there = () => [...files].filter(([, { state }]) => state === 'there')
  const sumOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

  const upload = async (size: number) => {
    const bytes = randomBytes(size)
    const sent = form([
      { head: 'name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream', body: bytes },
    ])
    const headers = { ...sent.headers, Authorization: `Bearer ${user.token}` }
    const from = performance.now()
    const whole = { method: 'POST', path: '/files/upload', headers, body: sent.body }
    const reply = await heard.waitFor('upload', exchange(app.url, whole))
    const answered = heard.answered('upload', reply, performance.now() - from)
    await asking.heard(!answered)
    if (!answered) return void begun.set(sumOf(bytes), bytes)
    const { file } = JSON.parse(reply.text)
    check('upload', reply.status === 201 && file.checksum_sha256 === sumOf(bytes), reply.text)
    files.set(file.file_id, { bytes, state: 'there' })
  }

  const fetchBytes = async (id: string, { bytes }: KnownFile, mustBeWhole = false) => {
    const asked = download(`${app.url}/files/${id}/content`, user.token)
    const { reply, ms } = await heard.waitFor('download', asked)
    const text = reply.status === 200 ? '' : reply.body.toString()
    const answered = heard.answered('download', { ...reply, text }, ms)
    // A body that breaks off is told by the connection: what came is true all the same.
    const right = reply.status === 200 && bytes.subarray(0, reply.body.length).equals(reply.body)
    check('download', !answered || right, { status: reply.status, id, text })
    check('a whole file', !right || !reply.whole || reply.body.length === bytes.length, id)
    check('a whole file at last', !mustBeWhole || (right && reply.whole), { id, status: reply.status })
    await asking.heard(!answered || !reply.whole)
  }
  const fetchNewest = async () => {
    const [id, file] = there().at(-1) ?? []
    if (id && file) await fetchBytes(id, file)
  }

  const remove = async () => {
    const [id, file] = there().at(0) ?? []
    if (!id || !file) return
    const reply = await ask('remove a file', 'DELETE', `/files/${id}`)
    check('remove a file', !reply || reply.status === 204, reply)
    file.state = reply ? 'gone' : 'perhaps'
  }

  const list = async () => {
    const reply = await ask('files', 'GET', '/files?limit=100')
    if (!reply) return
    const rows: { file_id: string; checksum_sha256: string }[] = reply.body.files
    for (const { file_id, checksum_sha256 } of rows) {
      const late = begun.get(checksum_sha256)
      if (!files.has(file_id) && late) files.set(file_id, { bytes: late, state: 'there' })
      check('files: not ours', files.has(file_id), file_id)
      check('files: one is back', files.get(file_id)?.state !== 'gone', file_id)
    }
    const ids = new Set(rows.map(({ file_id }) => file_id))
    for (const [id] of there()) check('files: lost', ids.has(id), id)
  }

  const small = () => upload(20_000)
  return {
    round: [small, fetchNewest, list, small, remove, fetchNewest, list],
    async settle() {
      await list()
      for (const [id, file] of there()) await fetchBytes(id, file, true)
    },
  }
}
