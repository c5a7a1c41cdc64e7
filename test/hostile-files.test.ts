import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { form, kept, keptAtLast, NOTHING, upload, uploaded } from './support/uploads.ts'

describe('what hostile clients send', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    ann = await seed.user('ann')
  })
  afterAll(() => app.close())

  test.each([
    '../../../etc/passwd',
    '..\\..\\boot.ini',
    '/etc/shadow',
    'C:\\autoexec.bat',
    'x\u202egpj.exe',
    'a\u0000b.txt',
    'a\u0007\u001b[31mb',
    `${'n'.repeat(4096)}.png`,
    `${'🙂'.repeat(1024)}`,
    '..',
    '.',
    '...',
    'CON',
    'a%0D%0ASet-Cookie: x=y',
    '%2e%2e%2fx',
    '%22; filename=evil.html; x=%22',
    '-rf',
    '.htaccess',
    'Zürich 日本 🙂.txt',
    '\u200b\u2066',
    '__proto__',
  ])('a name is harmless (%j)', async name => {
    const owner = await seed.user('mallory')
    const { headers, body } = form([{ head: `name="file"; filename="${name}"`, body: 'abc' }])
    const reply = await exchange(app.url, {
      method: 'POST',
      path: '/files/upload',
      headers: { ...headers, Authorization: `Bearer ${owner.token}` },
      body,
    })
    if (reply.status !== 201) {
      // A control in the head of a part is no form, and a part by the name of a folder has no file.
      expect([name, reply.status]).toEqual([
        name,
        /\p{Cc}/u.test(name) ? 400 : /^\.\.?$/.test(name) ? 422 : 201,
      ])
      expect(await keptAtLast(app, owner)).toEqual(NOTHING)
      return
    }
    const { file } = JSON.parse(reply.text)
    for (const shown of [file.file_name, file.metadata.original_name]) {
      expect(shown).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^\.*$/u)
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(200)
    }
    const { objects } = await kept(app, owner)
    expect(objects).toEqual([
      expect.stringMatching(/^user-files\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/[\w.-]{1,100}$/),
    ])
    expect(objects[0]?.split('/').at(-1)).not.toMatch(/^\./)
    const read = await as(app, owner).get(`/files/${file.file_id}/content`).expect(200)
    expect(read.headers['set-cookie']).toBeUndefined()
    expect(read.headers['content-disposition']).toMatch(/^inline; filename[\x20-\x7e\xa0-\xff]+$/)
  })

  test('a name as JSON or as a change is as harmless', async () => {
    const { body } = await as(app, ann)
      .post('/files/upload')
      .send({ fileName: '../../\u202eevil\n.txt', fileContent: 'YWJj', fileType: 'text/html' })
      .expect(201)
    expect(body.file).toMatchObject({ file_name: 'evil.txt', file_type: 'application/octet-stream' })
    expect(body.fileKey).toBe(`user-files/${ann.user_id}/${body.fileId}/evil.txt`)
    const path = `/files/${body.fileId}`
    const changed = await as(app, ann).patch(path).send({ file_name: 'a/b\\..' }).expect(200)
    expect(changed.body.file.file_name).toBe('file')
    for (const file_name of ['', 'x'.repeat(1025), 7]) {
      await as(app, ann).patch(path).send({ file_name }).expect(422)
    }
  })

  test.each([
    ['HTML', '<!doctype html><script>alert(1)</script>'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
    ['SVG with a prologue', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['SVG in UTF-16', Buffer.from('\ufeff<?xml version="1.0"?><svg/>', 'utf16le')],
    ['a script', 'alert(1)'],
    ['a shell script', '#!/bin/sh\nid\n'],
    ['an archive', Buffer.from('504b0304140000000800', 'hex')],
    ['nothing', ''],
  ])('%s that calls itself a picture is refused', async (_what, content) => {
    const owner = await seed.user('mallory')
    for (const type of ['image/png', 'IMAGE/PNG; x=y', 'image/svg+xml']) {
      const { body } = await upload(app, owner, Buffer.from(content), { name: 'a.png', type }).expect(415)
      expect(body.code).toBe('unsupported_type')
    }
    expect(await keptAtLast(app, owner)).toEqual(NOTHING)
  })

  test('what is two things at once is what its first bytes say, and runs nowhere', async () => {
    const picture = { create: { width: 8, height: 8, channels: 3, background: 'red' } } as const
    const jpeg = await sharp(picture).jpeg().toBuffer()
    const bomb = deflateRawSync(Buffer.alloc(10_000_000))
    for (const [type, expected, bytes] of [
      ['image/gif', 'image/gif', Buffer.from('GIF89a/*\x01\x01*/=1;alert(document.domain)')],
      ['text/html', 'application/pdf', Buffer.from('%PDF-1.4\n<html><script>alert(1)</script></html>')],
      ['image/jpeg', 'image/jpeg', Buffer.concat([jpeg, Buffer.from('504b0304', 'hex'), bomb])],
      ['text/html', 'image/jpeg', Buffer.concat([jpeg, Buffer.from('<script>alert(1)</script>')])],
    ] as const) {
      const file = await uploaded(app, ann, bytes, { name: 'x.html', type })
      expect(file.file_type).toBe(expected)
      const { headers } = await as(app, ann).get(`/files/${file.file_id}/content`).expect(200)
      expect(headers).toMatchObject({ 'content-type': expected, 'x-content-type-options': 'nosniff' })
      expect(headers['content-security-policy']).toMatch(/^sandbox;default-src 'none';/)
    }
    await until(app.context.outbox.waiting, waiting => waiting === 0)
  })

  test('a bomb of zeros is kept as it came and never unpacked', async () => {
    const packed = deflateRawSync(Buffer.alloc(20_000_000))
    const bomb = Buffer.concat([Buffer.from('504b03041400000008000000000000000000', 'hex'), packed])
    await upload(app, ann, bomb, { name: 'bomb.png', type: 'image/png' }).expect(415)
    const file = await uploaded(app, ann, bomb, { name: 'bomb.png', type: 'application/octet-stream' })
    expect(file).toMatchObject({ file_size: bomb.length, thumbnail: 'none' })
  })
})
