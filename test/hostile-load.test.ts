import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { z } from 'zod'
import { exchange } from './support/exchange.ts'
import { sampleHealth } from './support/health-sampler.ts'
import { describeHeavy } from './support/heavy.ts'
import { hugePng } from './support/pictures.ts'
import { type PlazaProcess, startProcess, temporaryFolder } from './support/process.ts'
import { form } from './support/uploads.ts'

const WATCH = new URL('./support/loop-watch.ts', import.meta.url).href
const MIB = 1024 * 1024

/**
 * How soon health is to be told, in ms. Of the service itself that can be asked for without exception: no turn of its
 * event loop may take longer. How long an answer takes is also up to everything else that the machine is doing at the
 * moment, this test included, so there one in ten may be late.
 */
const SOON = 100
const MOST_OF_THEM = 0.9

/** Once everything has been seen some times the memory must not grow, in MiB: each round sends more than that. */
const WARM_UP = 4
const ROUNDS = 10
const FLAT = 150

describeHeavy('while hostile clients send what they can', () => {
  const folder = temporaryFolder()
  const watched = join(folder.path, 'longest-turn')
  let plaza: PlazaProcess
  let token: string

  const json = async (path: string, body: object) => {
    const headers = { 'Content-Type': 'application/json' }
    const reply = await exchange(plaza.url, { method: 'POST', path, headers, body: JSON.stringify(body) })
    return z.looseObject({ token: z.string().optional() }).parse(JSON.parse(reply.text))
  }

  const post = async (headers: Record<string, string>, body: string | Uint8Array) => {
    const own = { Authorization: `Bearer ${token}`, ...headers }
    return (await exchange(plaza.url, { method: 'POST', path: '/files/upload', headers: own, body })).status
  }
  const asJson = (body: string) => post({ 'Content-Type': 'application/json' }, body)
  const asForm = (...parts: { head: string; body: Uint8Array | string }[]) => {
    const { headers, body } = form(parts)
    return post(headers, body)
  }
  const file = (body: Uint8Array | string, type = 'application/octet-stream', name = 'a') =>
    asForm({ head: `name="file"; filename="${name}"\r\nContent-Type: ${type}`, body })

  beforeAll(async () => {
    plaza = await startProcess({
      DATA_DIR: folder.path,
      BCRYPT_COST: '4',
      JWT_SECRET: 'only-for-tests-0123456789-0123456789-0123456789',
      NODE_OPTIONS: `--import ${WATCH}`,
      LOOP_WATCH: watched,
      // What is sent is to be read, and not refused for its number.
      UPLOADS_AT_ONCE: '200',
    })
    const account = { email: 'mallory@example.com', password: 'a password of mallory' }
    await json('/auth/register', { ...account, name: 'mallory' })
    token = String((await json('/auth/login', account)).token)
  })
  afterAll(async () => {
    plaza.child.kill('SIGTERM')
    await plaza.ended
    folder.remove()
  })

  const resident = () =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${plaza.child.pid}/status`, 'utf8'))?.[1]) / 1024

  /** Bodies that begin and never end. */
  const sloths = () =>
    Array.from({ length: 30 }, (_, at): ClientRequest => {
      const { headers, body } = form([{ head: 'name="file"; filename="a"', body: randomBytes(100_000) }])
      const { hostname, port } = new URL(plaza.url)
      const sending = request({ hostname, port, method: 'POST', path: '/files/upload', agent: false })
      sending.on('error', () => {}).on('response', reply => reply.resume())
      sending.setHeader('Authorization', `Bearer ${token}`).setHeader('Content-Length', 1_000_000)
      sending.setHeader('Content-Type', at % 2 ? 'application/json' : headers['Content-Type'])
      sending.write(at % 2 ? '{"fileName":"a","fileContent":"AAAA' : body.subarray(0, 50_000))
      return sending
    })

  /** What is sent, what it must be answered with, and how. */
  const attacks = async (): Promise<[string, number, () => Promise<number>][]> => {
    const flat = { create: { width: 7000, height: 7000, channels: 3, background: 'red' } } as const
    const png = await sharp(flat).png().toBuffer()
    const jpeg = await sharp(flat).jpeg().toBuffer()
    const zeros = deflateRawSync(Buffer.alloc(100_000_000))
    const zip = Buffer.concat([Buffer.from('504b03041400000008000000000000000000', 'hex'), zeros])
    const content = randomBytes(12 * MIB).toString('base64')
    const part = { head: 'name="file"; filename="a"', body: 'abc' }
    const field = { head: 'name="tags"', body: '[]' }
    const upload = (fields: string) => asJson(`{"fileName":"a",${fields}}`)
    return [
      ['a picture of 49 megapixels', 201, () => file(png, 'image/png')],
      ['another one', 201, () => file(jpeg, 'image/jpeg')],
      ['a picture of 10⁹ pixels', 201, () => file(hugePng(50_000, 20_000), 'image/png')],
      ['half a picture', 201, () => file(jpeg.subarray(0, jpeg.length / 2), 'image/jpeg')],
      ['a zip bomb', 415, () => file(zip, 'image/png', 'bomb.png')],
      ['a zip bomb that says so', 201, () => file(zip)],
      ['10,000 fields', 422, () => asForm(part, ...Array<typeof field>(10_000).fill(field))],
      ['10,000 files', 422, () => asForm(...Array<typeof part>(10_000).fill(part))],
      ['what looks like boundaries', 201, () => file('\r\n--xxBOUNDARYx'.repeat(1_000_000))],
      ['a name of 4 KiB', 422, () => file('abc', 'text/plain', '\u202e../'.repeat(700))],
      ['heads of parts', 400, () => asForm({ ...part, head: part.head + '\r\nX-A: b'.repeat(20_000) })],
      ['JSON that is large', 201, () => upload(`"fileContent":"${content}"`)],
      ['every digit escaped', 201, () => upload(`"fileContent":"${'\\u002F'.repeat(2 * MIB)}"`)],
      ['JSON of brackets', 413, () => asJson('['.repeat(16 * MIB))],
      ['JSON of fields', 413, () => asJson(`{${'"a":[],'.repeat(2 * MIB)}`)],
      ['JSON of a name', 413, () => asJson(`{"fileName":"${'\\u202e'.repeat(2 * MIB)}`)],
    ]
  }

  test('health is told at once, and memory stays where it was', async () => {
    const all = await attacks()
    const expected = all.map(([what, status]) => [what, status])
    const stuck = sloths()
    const memory: number[] = []
    const samples = await sampleHealth(plaza.url, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const sent = all.map(async ([what, , send]) => [what, await send()])
        expect(await Promise.all(sent)).toEqual(expected)
        memory.push(resident())
      }
    })
    for (const sending of stuck) sending.destroy()

    expect(Number(readFileSync(watched, 'utf8'))).toBeLessThan(SOON)
    expect(samples.length).toBeGreaterThan(50)
    expect(samples[Math.ceil(samples.length * MOST_OF_THEM) - 1]).toBeLessThan(SOON)
    expect(Math.max(...memory) - Math.max(...memory.slice(0, WARM_UP))).toBeLessThan(FLAT)
  }, 90_000)
})
