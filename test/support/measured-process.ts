import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { startProcess, temporaryFolder } from './process.ts'

export const MIB = 1024 * 1024
export const BLOCK = randomBytes(MIB)
const HEAD = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
const TAIL = '\r\n--x--\r\n'

export const Uploaded = z.object({ file: z.object({ file_id: z.string(), file_size: z.number() }) })

/** A form of so many MiB, of which there is never more than a block. */
function* formOf(mebibytes: number) {
  yield Buffer.from(HEAD)
  for (let at = 0; at < mebibytes; at++) yield BLOCK
  yield Buffer.from(TAIL)
}

/** Plaza as a process of its own with somebody who uploads, and how much memory it takes meanwhile. */
export const startMeasured = async (env: Record<string, string> = {}) => {
  const folder = temporaryFolder()
  const plaza = await startProcess({
    DATA_DIR: folder.path,
    BCRYPT_COST: '4',
    // One user may have half of them.
    UPLOADS_AT_ONCE: '40',
    JWT_SECRET: 'only-for-tests-0123456789-0123456789-0123456789',
    ...env,
  })

  const call = async (path: string, body: object) => {
    const headers = { 'Content-Type': 'application/json' }
    const reply = await fetch(`${plaza.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return z.looseObject({}).parse(await reply.json())
  }
  const account = { email: 'ann@example.com', password: 'a password of ann' }
  await call('/auth/register', { ...account, name: 'ann' })
  const authorization = `Bearer ${(await call('/auth/login', account)).token}`

  /** MB. The kernel counts in KiB and calls them kB. */
  const resident = () =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${plaza.child.pid}/status`, 'utf8'))?.[1]) * 0.001024

  return {
    url: plaza.url,
    authorization,

    /** Uploads a file of so many MiB in one go. */
    async send(mebibytes: number) {
      const { hostname, port } = new URL(plaza.url)
      const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
      sending.setHeader('Authorization', authorization)
      sending.setHeader('Content-Type', 'multipart/form-data; boundary=x')
      sending.setHeader('Content-Length', HEAD.length + mebibytes * MIB + TAIL.length)
      const replied = once(sending, 'response')
      await pipeline(Readable.from(formOf(mebibytes), { objectMode: true, highWaterMark: 1 }), sending)
      const [reply]: IncomingMessage[] = await replied
      if (!reply) throw new Error('there is a reply')
      const text = await json(reply)
      if (reply.statusCode !== 201) throw new Error(`${reply.statusCode}: ${JSON.stringify(text)}`)
      return Uploaded.parse(text).file
    },

    async drop(fileId: string) {
      const headers = { authorization }
      const { status } = await fetch(`${plaza.url}/files/${fileId}`, { method: 'DELETE', headers })
      if (status !== 204) throw new Error(`${status} for a deletion`)
    },

    /** By how many MB the process is larger at its largest, while something is done, than before. */
    async growth(work: () => Promise<void>) {
      const before = resident()
      let most = before
      const watch = setInterval(() => {
        most = Math.max(most, resident())
      }, 20)
      try {
        await work()
      } finally {
        clearInterval(watch)
      }
      return Math.max(most, resident()) - before
    },

    async stop() {
      plaza.child.kill('SIGTERM')
      await plaza.ended
      folder.remove()
    },
  }
}

export type MeasuredProcess = Awaited<ReturnType<typeof startMeasured>>
