import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { describeHeavy } from './support/heavy.ts'
import { type PlazaProcess, startProcess, temporaryFolder } from './support/process.ts'

const MIB = 1024 * 1024
const BLOCK = randomBytes(MIB)
const HEAD = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
const TAIL = '\r\n--x--\r\n'

const Reply = z.object({ file: z.object({ file_id: z.string(), file_size: z.number() }) })

const Plan = z.looseObject({ upload_id: z.string(), parts_count: z.literal(128) })

/** A form of so many MiB, of which there is never more than a block. */
function* formOf(mebibytes: number) {
  yield Buffer.from(HEAD)
  for (let at = 0; at < mebibytes; at++) yield BLOCK
  yield Buffer.from(TAIL)
}

describeHeavy('the memory of a server that takes uploads', () => {
  const folder = temporaryFolder()
  let plaza: PlazaProcess
  let token: string

  const call = async (path: string, body: object) => {
    const headers = { 'Content-Type': 'application/json' }
    const reply = await fetch(`${plaza.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return z.looseObject({}).parse(await reply.json())
  }

  beforeAll(async () => {
    plaza = await startProcess({
      DATA_DIR: folder.path,
      BCRYPT_COST: '4',
      UPLOADS_AT_ONCE: '40',
      JWT_SECRET: 'only-for-tests-0123456789-0123456789-0123456789',
    })
    const account = { email: 'ann@example.com', password: 'a password of ann' }
    await call('/auth/register', { ...account, name: 'ann' })
    token = String((await call('/auth/login', account)).token)
  })
  afterAll(async () => {
    plaza.child.kill('SIGTERM')
    await plaza.ended
    folder.remove()
  })

  const resident = () =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${plaza.child.pid}/status`, 'utf8'))?.[1]) / 1024

  const send = async (mebibytes: number) => {
    const { hostname, port } = new URL(plaza.url)
    const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
    sending.setHeader('Authorization', `Bearer ${token}`)
    sending.setHeader('Content-Type', 'multipart/form-data; boundary=x')
    sending.setHeader('Content-Length', HEAD.length + mebibytes * MIB + TAIL.length)
    const replied = once(sending, 'response')
    await pipeline(Readable.from(formOf(mebibytes), { objectMode: true, highWaterMark: 1 }), sending)
    const [reply]: IncomingMessage[] = await replied
    if (!reply) throw new Error('there is a reply')
    const text = await json(reply)
    expect([reply.statusCode, text]).toEqual([201, expect.anything()])
    return Reply.parse(text).file
  }

  /** By how many MiB the process is larger at its largest, while something is done, than before. */
  const growth = async (work: () => Promise<void>) => {
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
  }

  const drop = async (fileId: string) => {
    const headers = { Authorization: `Bearer ${token}` }
    const { status } = await fetch(`${plaza.url}/files/${fileId}`, { method: 'DELETE', headers })
    expect(status).toBe(204)
  }

  test('grows by less than 100 MB for one of 1 GiB', async () => {
    await drop((await send(1)).file_id)
    const grown = await growth(async () => {
      const file = await send(1024)
      expect(file.file_size).toBe(1024 * MIB)
      await drop(file.file_id)
    })
    expect(grown).toBeLessThan(100)
  }, 60_000)

  test('grows by less than 100 MB for 1 GiB in parts that go through it', async () => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const about = { file_name: 'a.bin', file_type: 'application/octet-stream', file_size: 1024 * MIB }
    const grown = await growth(async () => {
      const body = JSON.stringify(about)
      const begun = await fetch(`${plaza.url}/files/uploads`, { method: 'POST', headers, body })
      const { upload_id, parts_count } = Plan.parse(await begun.json())
      const part = Buffer.concat(Array.from({ length: 8 }, () => BLOCK))
      for (let number = 1; number <= parts_count; number++) {
        const url = `${plaza.url}/files/uploads/${upload_id}/parts/${number}`
        const put = await fetch(url, {
          method: 'PUT',
          headers: { Authorization: headers.Authorization },
          body: part,
        })
        expect(put.status).toBe(200)
        await put.arrayBuffer()
      }
      const url = `${plaza.url}/files/uploads/${upload_id}/complete`
      const done = await fetch(url, { method: 'POST', headers: { Authorization: headers.Authorization } })
      const { file } = Reply.parse(await done.json())
      expect(file.file_size).toBe(1024 * MIB)
      await drop(file.file_id)
    })
    expect(grown).toBeLessThan(100)
  }, 120_000)

  test('grows by less than 250 MB for twenty of 32 MiB at once', async () => {
    const grown = await growth(async () => {
      const files = await Promise.all(Array.from({ length: 20 }, () => send(32)))
      await Promise.all(files.map(({ file_id }) => drop(file_id)))
    })
    expect(grown).toBeLessThan(250)
  }, 60_000)
})
