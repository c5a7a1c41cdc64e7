import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createApp } from '../src/app.ts'
import { type RunningServer, startServer } from '../src/server.ts'
import { startApp, type TestApp } from './support/app.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { form, kept, keptAtLast, NOTHING } from './support/uploads.ts'

/** Shorter than in production; nothing else is other there. */
const IDLE_MS = 300

describe('a body that comes to a halt', () => {
  let app: TestApp
  let impatient: RunningServer
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp({ UPLOADS_AT_ONCE: '40' })
    const { context } = app
    const uploads = { ...context.uploads, idleMs: IDLE_MS }
    const multipart = { ...context.multipart, idleMs: IDLE_MS }
    impatient = await startServer(
      createApp({ ...context, uploads, multipart }),
      '127.0.0.1',
      0,
      context.logger,
    )
    seed = seedInto(app)
  })
  afterAll(async () => {
    await impatient.close()
    await app.close()
  })

  const begin = (owner: SeededUser, type: string, announced: number, url = impatient.url) => {
    const { hostname, port } = new URL(url)
    const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
    sending.setHeader('Content-Type', type).setHeader('Content-Length', announced)
    sending.setHeader('Authorization', `Bearer ${owner.token}`)
    // The connection is closed on it: what it still wanted to send is lost.
    sending.on('error', () => {})
    return sending
  }
  const part = { head: 'name="file"; filename="a.bin"', body: 'x'.repeat(20_000) }
  const { headers, body: whole } = form([part, { head: 'name="tags"', body: '["a"]' }])
  const type = headers['Content-Type']

  test.each([
    ['before its first byte', type, Buffer.alloc(0)],
    ['before its file', type, whole.subarray(0, 40)],
    ['at the beginning of its file', type, whole.subarray(0, 200)],
    ['in the middle of its file', type, whole.subarray(0, 15_000)],
    ['after its file', type, whole.subarray(0, whole.length - 20)],
    ['after its form, of which a digest was declared', type, whole],
    ['in JSON', 'application/json', Buffer.from('{"fileName":"a')],
  ])('%s is given up, and nothing is left', async (_where, contentType, beginning) => {
    const owner = await seed.user('sloth')
    const sending = begin(owner, contentType, whole.length + 10)
    if (beginning === whole) sending.setHeader('Content-Digest', `sha-256=:${'A'.repeat(43)}=:`)
    sending.write(beginning)
    sending.flushHeaders()
    const [reply]: IncomingMessage[] = await once(sending, 'response')
    if (!reply) throw new Error('there is a reply')
    expect(reply.statusCode).toBe(408)
    expect(reply.headers.connection).toBe('close')
    expect(await json(reply)).toMatchObject({ code: 'request_timeout', status: 408 })
    expect(await keptAtLast(app, owner)).toEqual(NOTHING)
    sending.destroy()
  })

  test('in a part of a resumable upload is given up, and the part can be sent again', async () => {
    const owner = await seed.user('sloth')
    const about = { file_name: 'a.bin', file_type: 'application/octet-stream', file_size: 1000 }
    const { body: upload } = await as(app, owner).post('/files/uploads').send(about).expect(201)
    const path = `/files/uploads/${upload.upload_id}/parts/1`
    const { hostname, port } = new URL(impatient.url)
    const sending = request({ hostname, port, method: 'PUT', path })
    sending.setHeader('Content-Length', 1000).setHeader('Authorization', `Bearer ${owner.token}`)
    sending.on('error', () => {})
    sending.write('x'.repeat(400))
    const [reply]: IncomingMessage[] = await once(sending, 'response')
    if (!reply) throw new Error('there is a reply')
    expect(reply.statusCode).toBe(408)
    expect(await json(reply)).toMatchObject({ code: 'request_timeout' })
    sending.destroy()
    await as(app, owner)
      .put(path)
      .set('Content-Type', 'application/octet-stream')
      .send(Buffer.alloc(1000))
      .expect(200)
  })

  test('is given up after a while, not one that is slow', async () => {
    const owner = await seed.user('snail')
    const sending = begin(owner, type, whole.length)
    const replied = once(sending, 'response')
    let sent = 0
    const beat = setInterval(() => {
      const next = whole.subarray(sent, sent + 800)
      sent += next.length
      if (sent === whole.length) clearInterval(beat)
      if (next.length > 0) sending.write(next)
      if (sent === whole.length) sending.end()
    }, IDLE_MS / 6)
    const [reply]: IncomingMessage[] = await replied
    clearInterval(beat)
    expect(reply?.statusCode).toBe(201)
    reply?.resume()
  })

  test('keeps nobody waiting meanwhile', async () => {
    const owner = await seed.user('sloths')
    const stuck = Array.from({ length: 20 }, () => {
      const sending = begin(owner, type, whole.length, app.url)
      sending.write(whole.subarray(0, 6000))
      return sending
    })
    await until(
      () => kept(app, owner),
      ({ records }) => records.length === stuck.length,
    )
    // How soon, is asked in hostile-load.test.ts.
    for (let at = 0; at < 5; at++) expect((await fetch(`${app.url}/health`)).status).toBe(200)
    for (const sending of stuck) sending.destroy()
    const left = await until(
      () => keptAtLast(app, owner),
      ({ records }) => records.length === 0,
    )
    expect(left).toEqual(NOTHING)
  })
})
