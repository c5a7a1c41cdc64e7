import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange, type Reply } from './support/exchange.ts'
import { codeOf, essenceOf, isReplay } from './support/keyed.ts'
import { expectProblem } from './support/problems.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { form, kept, keptAtLast, NOTHING } from './support/uploads.ts'

const BYTES = Buffer.from('What is uploaded twice is there once. '.repeat(3000))

/** One byte is another. */
const ALTERED = Buffer.from(BYTES).fill('X', 5, 6)

const file = (
  bytes: Buffer,
  { name = 'a.txt', tags = '["a"]', boundary = randomBytes(9).toString('hex') } = {},
) =>
  form(
    [
      { head: `name="file"; filename="${name}"\r\nContent-Type: text/plain`, body: bytes },
      { head: 'name="tags"', body: tags },
    ],
    boundary,
  )

const digestOf = (body: Uint8Array) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

describe('an upload with an Idempotency-Key', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
  })
  beforeEach(async () => {
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const headersFor = (key: string, more: Record<string, string> = {}) => ({
    Authorization: `Bearer ${ann.token}`,
    'Idempotency-Key': key,
    ...more,
  })

  const send = (key: string, sent: ReturnType<typeof file>, digest?: string): Promise<Reply> =>
    exchange(app.url, {
      method: 'POST',
      path: '/files/upload',
      headers: headersFor(key, { ...sent.headers, ...(digest && { 'Content-Digest': digest }) }),
      body: sent.body,
    })

  /** The head of a request and some of its body, over a connection of its own. */
  const begin = (
    key: string,
    sent: ReturnType<typeof file>,
    bytes: number,
    more: Record<string, string> = {},
  ) => {
    const { hostname, port } = new URL(app.url)
    const socket = connect(Number(port), hostname)
    const headers = headersFor(key, {
      Host: 'x',
      ...sent.headers,
      ...more,
      'Content-Length': String(sent.body.length),
    })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`POST /files/upload HTTP/1.1\r\n${lines.join('')}\r\n`)
    socket.write(sent.body.subarray(0, bytes))
    return socket
  }

  const statusOn = async (socket: Socket) => {
    let seen = ''
    socket.on('data', chunk => {
      seen += chunk
    })
    await until(
      () => seen,
      text => text.includes('\r\n\r\n'),
    )
    return Number(seen.split(' ')[1])
  }

  test('is stored once, however its form is put together again', async () => {
    const key = randomUUID()
    const first = await send(key, file(BYTES))
    expect(first.status).toBe(201)
    for (let time = 0; time < 2; time++) {
      const again = await send(key, file(BYTES))
      expect([essenceOf(again), isReplay(again)]).toEqual([essenceOf(first), true])
    }
    const all = await keptAtLast(app, ann)
    expect([all.records.length, all.objects.length, all.stored_bytes]).toEqual([1, 1, BYTES.length])
  })

  test('is not taken for another of the same length', async () => {
    const key = randomUUID()
    await send(key, file(BYTES))
    const others = [
      file(ALTERED),
      file(BYTES, { name: 'b.txt' }),
      file(BYTES, { tags: '["b"]' }),
      file(BYTES.subarray(1)),
    ]
    for (const other of others) {
      expectProblem(await send(key, other), { status: 422, code: 'idempotency_key_reused' })
    }
    expect((await keptAtLast(app, ann)).records).toHaveLength(1)
  })

  test('that says its digest is answered before its bytes come again', async () => {
    const key = randomUUID()
    const sent = file(BYTES)
    const digest = { 'Content-Digest': `sha-512=:AAAA:, ${digestOf(sent.body)}` }
    const first = await send(key, sent, digest['Content-Digest'])
    expect(first.status).toBe(201)
    const socket = begin(key, sent, 100, digest)
    expect(await statusOn(socket)).toBe(201)
    socket.destroy()
    expect(essenceOf(await send(key, sent, digest['Content-Digest']))).toEqual(essenceOf(first))
    expect(codeOf(await send(key, sent, digestOf(ALTERED)))).toBe('422 idempotency_key_reused')
    expect((await keptAtLast(app, ann)).records).toHaveLength(1)
  })

  test('that is not what its digest says leaves nothing, and its key is free', async () => {
    const key = randomUUID()
    const sent = file(BYTES)
    const wrong = await send(key, sent, digestOf(ALTERED))
    expectProblem(wrong, { status: 422, code: 'checksum_mismatch' })
    expect(await keptAtLast(app, ann)).toEqual(NOTHING)
    expect((await send(key, sent, digestOf(sent.body))).status).toBe(201)
  })

  test('is told of its twin that is on its way, and takes its place when that breaks off', async () => {
    const key = randomUUID()
    const sent = file(BYTES)
    const broken = begin(key, sent, 50_000)
    await until(
      () => kept(app, ann),
      ({ records }) => records.length === 1,
    )
    expectProblem(await send(key, sent), { status: 409, code: 'request_in_progress' })
    broken.destroy()
    const reply = await until(
      () => send(key, sent),
      ({ status }) => status !== 409,
    )
    expect([reply.status, isReplay(reply)]).toEqual([201, false])
    const { body } = await as(app, ann).get('/files').expect(200)
    expect(body.files).toEqual([JSON.parse(reply.text).file])
    const all = await keptAtLast(app, ann)
    expect([all.records.length, all.objects.length, all.stored_bytes]).toEqual([1, 1, BYTES.length])
  })

  test('that was refused leaves its key free', async () => {
    const key = randomUUID()
    expect(codeOf(await send(key, file(BYTES, { tags: '[' })))).toBe('422 validation_failed')
    expect((await send(key, file(BYTES))).status).toBe(201)
  })

  test('in JSON is told by its name also where that comes last', async () => {
    const key = randomUUID()
    const json = (name: string) => ({
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.from(`{"fileContent":"${BYTES.toString('base64')}","fileName":"${name}"}`),
    })
    const first = await send(key, json('a.txt'))
    expect(first.status).toBe(201)
    expect(essenceOf(await send(key, json('a.txt')))).toEqual(essenceOf(first))
    expect(codeOf(await send(key, json('b.txt')))).toBe('422 idempotency_key_reused')
    expect((await keptAtLast(app, ann)).records).toHaveLength(1)
  })

  test('in parts can be gone on with after its beginning was asked for twice', async () => {
    const key = randomUUID()
    const beginning = () =>
      as(app, ann)
        .post('/files/uploads')
        .set('Idempotency-Key', key)
        .send({ file_name: 'a.txt', file_type: 'text/plain', file_size: BYTES.length })
        .expect(201)
    const [first, again] = [await beginning(), await beginning()]
    expect(again.text).toBe(first.text)
    const upload = `/files/uploads/${first.body.upload_id}`
    await as(app, ann).put(`${upload}/parts/1`).send(BYTES).expect(200)
    await as(app, ann).post(`${upload}/complete`).expect(200)
    expect((await keptAtLast(app, ann)).records).toHaveLength(1)
  })
})
