import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { sha256, upload, uploaded } from './support/uploads.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
const BYTES = randomBytes(100_000)

describe('the content of a file', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser
  let id: string
  let path: string

  beforeAll(async () => {
    app = await startApp()
    ;[ann, bob] = await seedInto(app).users('ann', 'bob')
    id = (await uploaded(app, ann, BYTES, { name: 'dice.bin' })).file_id
    path = `/files/${id}/content`
  })
  afterAll(() => app.close())

  const get = (headers: Record<string, string> = {}, from = path) =>
    as(app, ann).get(from).set(headers).buffer(true).responseType('blob')

  const downloads = async (file = id): Promise<number> =>
    (await as(app, ann).get(`/files/${file}`).expect(200)).body.file.download_count

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-99', 0, 99],
    ['bytes=50000-50009', 50_000, 50_009],
    ['bytes=99999-', 99_999, 99_999],
    ['bytes=99000-5000000', 99_000, 99_999],
    ['bytes=-10', 99_990, 99_999],
    ['bytes=-5000000', 0, 99_999],
  ])('comes in part: %s', async (range, start, end) => {
    const { body, headers } = await get({ Range: range }).expect(206)
    expect(headers).toMatchObject({
      'content-range': `bytes ${start}-${end}/100000`,
      'content-length': String(end - start + 1),
      'accept-ranges': 'bytes',
      etag: `"${sha256(BYTES)}"`,
    })
    expect(BYTES.subarray(start, end + 1).equals(body)).toBe(true)
  })

  test.each(['bytes=0-0,5-9', 'bytes=a-b', 'bytes=9-5', 'items=0-1', '0-5'])(
    'comes whole where the range is not one: %s',
    async range => {
      const { body, headers } = await get({ Range: range }).expect(200)
      expect(headers['content-range']).toBeUndefined()
      expect(BYTES.equals(body)).toBe(true)
    },
  )

  test('cannot be had from past its end', async () => {
    for (const range of ['bytes=100000-', 'bytes=200000-300000', 'bytes=-0']) {
      const reply = await as(app, ann).get(path).set('Range', range).expect(416)
      expect(reply.headers['content-range']).toBe('bytes */100000')
      expect(reply.headers['content-type']).toBe('application/problem+json')
      expect(reply.body.code).toBe('range_not_satisfiable')
    }
    const empty = await uploaded(app, ann, Buffer.alloc(0))
    await get({ Range: 'bytes=0-' }, `/files/${empty.file_id}/content`).expect(416)
  })

  test('is not sent again to who has it', async () => {
    const etag = `"${sha256(BYTES)}"`
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { headers } = await as(app, ann).get(path).set('If-None-Match', known).expect(304)
      expect([headers.etag, headers['content-length']]).toEqual([etag, undefined])
    }
    await get({ 'If-None-Match': '"other"' }).expect(200)
    await get({ 'If-None-Match': etag, Range: 'bytes=0-9' }).expect(304)
    await get({ 'If-Range': etag, Range: 'bytes=0-9' }).expect(206)
    for (const other of ['"other"', `W/${etag}`, 'Mon, 23 Nov 2026 08:00:00 GMT']) {
      const { body } = await get({ 'If-Range': other, Range: 'bytes=0-9' }).expect(200)
      expect(BYTES.equals(body)).toBe(true)
    }
  })

  test('is told of by HEAD as by GET', async () => {
    const { headers } = await get().expect(200)
    const head = await as(app, ann).head(path).expect(200)
    for (const name of ['content-length', 'content-type', 'content-disposition', 'etag', 'accept-ranges']) {
      expect([name, head.headers[name]]).toEqual([name, headers[name]])
    }
    const inPart = await as(app, ann).head(path).set('Range', 'bytes=0-9').expect(200)
    expect(inPart.headers['content-length']).toBe('100000')
  })

  test.each([
    ['plain.bin', /^attachment; filename="?plain\.bin"?$/],
    [
      'naïve résumé.bin',
      /^attachment; filename="[^"]*"; filename\*=UTF-8''na%C3%AFve%20r%C3%A9sum%C3%A9\.bin$/,
    ],
    ['日本語 🙂.bin', /filename\*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E%20%F0%9F%99%82\.bin$/],
    ['100%25.bin', /100%25/],
    ['it\'s; (a) "quote".bin', /^attachment; filename=/],
  ])('is sent under its name: %s', async (name, expected) => {
    const file = await uploaded(app, ann, Buffer.from([0, 1]), { name })
    const { headers } = await get({}, `/files/${file.file_id}/content`).expect(200)
    const disposition = String(headers['content-disposition'])
    expect(disposition).toMatch(expected)
    expect(disposition).toMatch(/^[\x20-\x7e\xa0-\xff]+$/)
  })

  const DOCUMENTS: [string, string][] = [
    ['text/html', '<!doctype html><script>alert(1)</script>'],
    ['application/xhtml+xml', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['application/javascript', 'alert(1)'],
    ['text/javascript', 'alert(1)'],
    ['text/xml', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['application/octet-stream', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['image/svg+xml', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
  ]

  test.each(DOCUMENTS)('is never shown where a script could be in it (%s)', async (type, text) => {
    const { status, body } = await upload(app, ann, Buffer.from(text), { name: 'a.html', type })
    // A document that says that it is a picture is not even taken.
    if (type.startsWith('image/')) return expect([status, body.code]).toEqual([415, 'unsupported_type'])
    expect(status).toBe(201)
    const { url } = (await as(app, ann).post(`/files/${body.file.file_id}/url`).send({}).expect(200)).body
    const own = { Authorization: `Bearer ${ann.token}` }
    for (const reply of [
      await fetch(`${app.url}/files/${body.file.file_id}/content`, { headers: own }),
      await fetch(url),
    ]) {
      expect(reply.status).toBe(200)
      expect(reply.headers.get('content-type')).toBe('application/octet-stream')
      expect(reply.headers.get('content-disposition')).toMatch(/^attachment/)
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
      expect(reply.headers.get('content-security-policy')).toMatch(/^sandbox/)
      expect(await reply.text()).toBe(text)
    }
  })

  test('counts one for each download, whole or in ranges, and none for a look', async () => {
    const file = await uploaded(app, ann, BYTES)
    const content = `/files/${file.file_id}/content`
    await as(app, ann).head(content).expect(200)
    await get({ 'If-None-Match': `"${sha256(BYTES)}"` }, content).expect(304)
    await get({ Range: 'bytes=100000-' }, content).expect(416)
    await as(app, bob).get(content).expect(404)
    expect(await downloads(file.file_id)).toBe(0)

    await get({}, content).expect(200)
    expect(await downloads(file.file_id)).toBe(1)

    const parts: Buffer[] = []
    for (let at = 0; at < 100_000; at += 20_000) {
      parts.push((await get({ Range: `bytes=${at}-${at + 19_999}` }, content).expect(206)).body)
    }
    expect(BYTES.equals(Buffer.concat(parts))).toBe(true)
    expect(await downloads(file.file_id)).toBe(2)

    await Promise.all(Array.from({ length: 10 }, () => get({}, content).expect(200)))
    expect(await downloads(file.file_id)).toBe(12)
  })

  test('is for others only once it is public', async () => {
    const file = await uploaded(app, ann, BYTES)
    const without = (body: Record<string, unknown>) => ({ ...body, request_id: '' })
    for (const caller of [as(app, bob), anonymous(app)]) {
      for (const rest of ['', '/content', '/thumbnail']) {
        const secret = await caller.get(`/files/${file.file_id}${rest}`).expect(404)
        const none = await caller.get(`/files/${NOBODY}${rest}`).expect(404)
        expect(without(secret.body)).toEqual(without(none.body))
      }
      const secret = await caller.post(`/files/${file.file_id}/url`).send({}).expect(404)
      const none = await caller.post(`/files/${NOBODY}/url`).send({}).expect(404)
      expect(without(secret.body)).toEqual(without(none.body))
    }
    await as(app, ann).patch(`/files/${file.file_id}`).send({ is_public: true }).expect(200)
    for (const caller of [as(app, bob), anonymous(app)]) {
      const { body } = await caller
        .get(`/files/${file.file_id}/content`)
        .buffer(true)
        .responseType('blob')
        .expect(200)
      expect(BYTES.equals(body)).toBe(true)
      await caller.post(`/files/${file.file_id}/url`).send({}).expect(200)
    }
  })

  test('can be had by its URL for a while, with nothing else in hand', async () => {
    const ask = (options: object) => as(app, ann).post(`/files/${id}/url`).send(options)
    const { body, headers } = await ask({ expires_in: 60 }).expect(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toEqual({ url: expect.any(String), method: 'GET', expires_at: expect.any(String) })
    const left = Date.parse(body.expires_at) - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(61_000)

    const reply = await fetch(body.url)
    expect(BYTES.equals(await reply.bytes())).toBe(true)
    const own = await get()
    for (const name of ['content-type', 'content-disposition', 'x-content-type-options']) {
      expect([name, reply.headers.get(name)]).toEqual([name, own.headers[name]])
    }
    expect(reply.headers.get('content-security-policy')).toBe(own.headers['content-security-policy'])
    expect((await fetch(body.url.replace(id, NOBODY))).status).toBe(403)

    const { body: usual } = await as(app, ann).post(`/files/${id}/url`).expect(200)
    expect(Date.parse(usual.expires_at) - Date.now()).toBeGreaterThan(3_500_000)
    for (const expires_in of [0, -1, 3601, 1.5, '60', null]) await ask({ expires_in }).expect(422)
    await ask({ expires: 60 }).expect(422)
  })

  test('whose bytes have gone is not found, with a reply that is whole', async () => {
    const file = await uploaded(app, ann, BYTES)
    await app.context.backends.blobs.remove(`user-files/${ann.user_id}/${file.file_id}/notes.bin`)
    for (const headers of [{}, { Range: 'bytes=5-9' }]) {
      const { body } = await as(app, ann).get(`/files/${file.file_id}/content`).set(headers).expect(404)
      expect(body.code).toBe('not_found')
    }
    expect(await downloads(file.file_id)).toBe(0)
  })
})
