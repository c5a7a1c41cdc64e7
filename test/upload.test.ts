import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { form, kept, keptAtLast, NOTHING, sha256, upload, uploaded } from './support/uploads.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('an upload in one go', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    ann = await seed.user('ann')
  })
  afterAll(() => app.close())

  const content = (owner: SeededUser, fileId: string) =>
    as(app, owner).get(`/files/${fileId}/content`).buffer(true).responseType('blob').expect(200)

  const post = (owner: SeededUser, { headers, body }: { headers: object; body: Uint8Array | string }) =>
    exchange(app.url, {
      method: 'POST',
      path: '/files/upload',
      headers: { Authorization: `Bearer ${owner.token}`, ...headers },
      body,
    })

  test.each([0, 1, 4099, 4100, 4101, 100 * 1024, 9 * 1024 * 1024])(
    'of %i bytes comes back bit for bit',
    async size => {
      const bytes = randomBytes(size)
      const file = await uploaded(app, ann, bytes)
      expect(file).toMatchObject({ file_size: size, checksum_sha256: sha256(bytes) })
      const { body } = await content(ann, file.file_id)
      expect(sha256(body)).toBe(sha256(bytes))
    },
  )

  test('is told of as the contract says, and is read so again', async () => {
    const bytes = Buffer.from('three words here')
    const about = { name: 'words.txt', type: 'text/plain; charset=utf-8', tags: ['Work'], is_public: true }
    const { body } = await upload(app, ann, bytes, about).expect(201)
    expect(body).toEqual({
      message: 'File uploaded successfully',
      file: {
        file_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        user_id: ann.user_id,
        file_name: 'words.txt',
        file_type: 'text/plain',
        file_size: bytes.length,
        checksum_sha256: sha256(bytes),
        upload_date: expect.stringMatching(TIME),
        download_count: 0,
        is_public: true,
        tags: ['work'],
        thumbnail: 'none',
        metadata: { original_name: 'words.txt', mime_type: 'text/plain' },
      },
    })
    const read = await as(app, ann).get(`/files/${body.file.file_id}`).expect(200)
    expect(read.body).toEqual({ file: body.file })
  })

  test('takes its fields before and after the file', async () => {
    const file = { head: 'name="file"; filename="a.bin"', body: 'abc' }
    const tags = { head: 'name="tags"', body: '["late"]' }
    const open = { head: 'name="is_public"', body: 'true' }
    for (const parts of [
      [file, tags, open],
      [tags, file, open],
      [open, tags, file],
    ]) {
      const { status, text } = await post(ann, form(parts))
      expect(status).toBe(201)
      expect(JSON.parse(text).file).toMatchObject({ tags: ['late'], is_public: true, file_size: 3 })
    }
  })

  test('is taken as JSON, as in the original design', async () => {
    const bytes = randomBytes(3 * 1024 * 1024)
    const { body } = await as(app, ann)
      .post('/files/upload')
      .send({ fileName: 'old.bin', fileContent: bytes.toString('base64'), fileType: 'application/x-old' })
      .expect(201)
    expect(body.fileId).toBe(body.file.file_id)
    expect(body.fileKey).toBe(`user-files/${ann.user_id}/${body.fileId}/old.bin`)
    expect(body.file).toMatchObject({ checksum_sha256: sha256(bytes), is_public: false, tags: [] })
    expect(sha256((await content(ann, body.fileId)).body)).toBe(sha256(bytes))
  })

  test('that is deleted is gone, its bytes too, and its room is given back', async () => {
    const bob = await seed.user('bob')
    const file = await uploaded(app, bob, randomBytes(5000))
    expect(await kept(app, bob)).toMatchObject({
      records: [file.file_id],
      owners: [file.file_id],
      objects: [`user-files/${bob.user_id}/${file.file_id}/notes.bin`],
      stored_bytes: 5000,
    })
    await as(app, bob).delete(`/files/${file.file_id}`).expect(204)
    for (const path of ['', '/content', '/thumbnail']) {
      await as(app, bob).get(`/files/${file.file_id}${path}`).expect(404)
    }
    await as(app, bob).delete(`/files/${file.file_id}`).expect(404)
    expect(await keptAtLast(app, bob)).toEqual(NOTHING)
  })

  test('stands at the top of its list, which is read page by page and by tag', async () => {
    const cleo = await seed.user('cleo')
    const ids: string[] = []
    for (const at of [0, 1, 2, 3, 4, 5, 6]) {
      const about = { tags: at % 3 === 0 ? ['third', 'all'] : ['all'] }
      ids.unshift((await uploaded(app, cleo, Buffer.from(`${at}`), about)).file_id)
    }
    const walk = async (query: string) => {
      const found: string[] = []
      let cursor = ''
      do {
        const { body } = await as(app, cleo).get(`/files?limit=3${query}${cursor}`).expect(200)
        expect(body.files.length).toBeLessThanOrEqual(3)
        found.push(...body.files.map((file: { file_id: string }) => file.file_id))
        cursor = body.next_cursor && `&cursor=${encodeURIComponent(body.next_cursor)}`
      } while (cursor)
      return found
    }
    expect(await walk('')).toEqual(ids)
    expect(await walk('&tag=all')).toEqual(ids)
    expect(await walk('&tag=third')).toEqual([ids[0], ids[3], ids[6]])
    expect(await walk('&tag=none')).toEqual([])
    // A page that holds all that is left says so, also where a tag leaves much out.
    for (const query of ['limit=7', 'limit=7&tag=all', 'limit=3&tag=third', 'limit=1&tag=none']) {
      const { body } = await as(app, cleo).get(`/files?${query}`).expect(200)
      expect([query, body.next_cursor]).toEqual([query, null])
    }
  })

  test('is changed by its owner alone', async () => {
    const bob = await seed.user('bob')
    const file = await uploaded(app, ann, Buffer.from('x'), { is_public: true })
    const changes = { file_name: 'new.txt', tags: ['b', 'a'], is_public: false }
    await as(app, bob).patch(`/files/${file.file_id}`).send(changes).expect(403)
    await as(app, bob).delete(`/files/${file.file_id}`).expect(403)
    const { body } = await as(app, ann).patch(`/files/${file.file_id}`).send(changes).expect(200)
    expect(body.file).toEqual({ ...file, ...changes })
    await as(app, bob).patch(`/files/${file.file_id}`).send(changes).expect(404)
    await as(app, bob).delete(`/files/${file.file_id}`).expect(404)
    await anonymous(app).get(`/files/${file.file_id}`).expect(404)
    await as(app, ann).patch(`/files/${file.file_id}`).send({}).expect(422)
    await as(app, ann).patch(`/files/${file.file_id}`).send({ file_size: 1 }).expect(422)
  })

  test('is refused without a token before a byte of it is read', async () => {
    const { hostname, port } = new URL(app.url)
    const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
    sending.setHeader('Content-Type', 'multipart/form-data; boundary=x').setHeader('Content-Length', 1e9)
    sending.flushHeaders()
    const [reply] = await once(sending, 'response')
    expect(reply.statusCode).toBe(401)
    sending.destroy()
  })
})
