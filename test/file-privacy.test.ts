import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newId } from '../src/lib/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange, type Reply } from './support/exchange.ts'
import { type Described, fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { PICTURE, type SeededFile, seedFile } from './support/seed-file.ts'
import { until } from './support/until.ts'

/** A body that each operation would take: what is refused here is refused for whom, not for what. */
const BODIES: Record<string, string> = {
  'PATCH /files/{file_id}': '{"is_public":true}',
  'POST /files/{file_id}/url': '{}',
  'POST /files/uploads/{upload_id}/parts': '{"part_numbers":[1]}',
  'PUT /files/uploads/{upload_id}/parts/{part_number}': '123456789',
  'POST /files/uploads/{upload_id}/complete': '{}',
}

describe("somebody else's files", () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser
  let hidden: SeededFile
  let shown: SeededFile
  let begun: string
  let finished: string
  let aboutOne: Described[]

  const begin = async () => {
    const upload = { file_name: 'a', file_type: 'text/plain', file_size: 9, is_public: false }
    const { body } = await as(app, ann).post('/files/uploads').send(upload).expect(201)
    await as(app, ann).put(`/files/uploads/${body.upload_id}/parts/1`).send('123456789').expect(200)
    return String(body.upload_id)
  }

  beforeAll(async () => {
    app = await startApp()
    const users = await seedInto(app).users('ann', 'bob')
    ann = users[0]
    bob = users[1]
    const picture = { bytes: PICTURE, name: 'a.png', type: 'image/png' }
    hidden = await seedFile(app, ann, picture)
    shown = await seedFile(app, ann, { ...picture, is_public: true })
    begun = await begin()
    finished = await begin()
    await as(app, ann).post(`/files/uploads/${finished}/complete`).expect(200)
    aboutOne = operationsOf(await fetchDocument(app)).filter(({ template }) =>
      /^\/files\/.*\{/.test(template),
    )
    for (const { file_id } of [hidden, shown]) {
      await until(
        async () => (await as(app, ann).get(`/files/${file_id}`)).body.file.thumbnail,
        state => state === 'ready',
      )
    }
  })
  afterAll(() => app.close())

  const call = (
    { method, template }: Described,
    id: string,
    user: SeededUser | null,
    more: Record<string, string> = {},
  ) => {
    const body = BODIES[`${method} ${template}`]
    const json = body !== undefined && method !== 'PUT'
    return exchange(app.url, {
      method,
      path: template.replace('{part_number}', '1').replace(/\{\w+\}/, id),
      headers: {
        ...(user && { Authorization: `Bearer ${user.token}` }),
        ...(json && { 'Content-Type': 'application/json' }),
        ...more,
      },
      ...(body !== undefined && { body }),
    })
  }

  /** How it is said that something is not there. */
  const absence = ({ security }: Described, user: SeededUser | null) =>
    !user && JSON.stringify(security) === '[{"bearer":[]}]' ? 401 : 404

  /** All of a reply that is not different every time. */
  const told = ({ status, headers, text }: Reply) => ({
    status,
    headers: [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)),
    text: text.replace(/"request_id":"[^"]*"/, ''),
  })

  const everyWay: [string, Record<string, string>][] = [
    ['asked for plainly', {}],
    ['asked for in part', { Range: 'bytes=0-3' }],
    ['asked for past its end', { Range: 'bytes=999999999-' }],
    ['asked for on a condition', { 'If-None-Match': '*' }],
  ]

  test.each(everyWay)('cannot be told from none by anybody when they are private: %s', async (_way, more) => {
    expect(aboutOne.length).toBeGreaterThanOrEqual(11)
    for (const operation of aboutOne) {
      for (const user of [bob, null]) {
        const none = told(await call(operation, newId(), user, more))
        const { operationId } = operation
        expect([operationId, none.status]).toEqual([operationId, absence(operation, user)])
        // A file that came in parts can be asked for as a file and as an upload.
        for (const id of [hidden.file_id, begun, finished]) {
          const there = told(await call(operation, id, user, more))
          expect([operationId, there]).toEqual([operationId, none])
        }
      }
    }
    // It was all there to be found.
    for (const { file_id } of [hidden, { file_id: finished }])
      await as(app, ann).get(`/files/${file_id}`).expect(200)
    const { body } = await as(app, ann).get(`/files/uploads/${begun}`).expect(200)
    expect(body.parts).toHaveLength(1)
  })

  test('cannot be told from none by HEAD or another method either', async () => {
    for (const path of ['', '/content', '/thumbnail', '/url']) {
      for (const method of ['HEAD', 'OPTIONS', 'PUT']) {
        for (const user of [bob, null]) {
          const headers: Record<string, string> = user ? { Authorization: `Bearer ${user.token}` } : {}
          const ask = (id: string) => exchange(app.url, { method, path: `/files/${id}${path}`, headers })
          const [there, none] = [told(await ask(hidden.file_id)), told(await ask(newId()))]
          expect([method, path, there]).toEqual([method, path, none])
        }
      }
    }
  })

  test('are private again once they have been deleted, also to their owner', async () => {
    const { file_id } = await seedFile(app, ann, { is_public: true })
    await as(app, ann).delete(`/files/${file_id}`).expect(204)
    for (const operation of aboutOne) {
      for (const user of [ann, bob]) {
        const [gone, none] = [
          told(await call(operation, file_id, user)),
          told(await call(operation, newId(), user)),
        ]
        expect([operation.operationId, gone]).toEqual([operation.operationId, none])
      }
    }
  })

  test("are in nobody else's list, whatever they are", async () => {
    expect((await as(app, bob).get('/files').expect(200)).body).toEqual({ files: [], next_cursor: null })
    const { body } = await as(app, ann).get('/files').expect(200)
    expect(body.files.map(({ file_id }: SeededFile) => file_id)).toEqual([
      finished,
      shown.file_id,
      hidden.file_id,
    ])
  })

  test('can be read by everybody when they are public', async () => {
    const own = await as(app, ann).get(`/files/${shown.file_id}`).expect(200)
    for (const caller of [as(app, bob), anonymous(app)]) {
      const { body } = await caller.get(`/files/${shown.file_id}`).expect(200)
      expect(body).toEqual(own.body)
      const content = await caller.get(`/files/${shown.file_id}/content`).expect(200)
      expect(Buffer.compare(content.body, PICTURE)).toBe(0)
      await caller.get(`/files/${shown.file_id}/thumbnail`).expect(200)
      const { body: signed } = await caller.post(`/files/${shown.file_id}/url`).send({}).expect(200)
      const fetched = await fetch(signed.url)
      expect(Buffer.compare(Buffer.from(await fetched.arrayBuffer()), PICTURE)).toBe(0)
      own.body.file.download_count += 1
    }
  })

  test('can be changed by nobody else even then', async () => {
    for (const method of ['PATCH', 'DELETE']) {
      const operation = aboutOne.find(one => one.template === '/files/{file_id}' && one.method === method)
      if (!operation) throw new Error(`there is no ${method}`)
      const refused = await call(operation, shown.file_id, bob)
      expect([refused.status, JSON.parse(refused.text).code]).toEqual([403, 'forbidden'])
      expect((await call(operation, shown.file_id, null)).status).toBe(401)
    }
    const { body } = await as(app, ann).get(`/files/${shown.file_id}`).expect(200)
    expect(body.file.is_public).toBe(true)
  })

  test('are there for others from the moment on in which they become public, and no longer than that', async () => {
    const { file_id } = await seedFile(app, ann)
    await as(app, bob).get(`/files/${file_id}/content`).expect(404)
    await as(app, ann).patch(`/files/${file_id}`).send({ is_public: true }).expect(200)
    await as(app, bob).get(`/files/${file_id}/content`).expect(200, 'some text')
    await as(app, ann).patch(`/files/${file_id}`).send({ is_public: false }).expect(200)
    await as(app, bob).get(`/files/${file_id}/content`).expect(404)
    await as(app, ann).get(`/files/${file_id}/content`).expect(200, 'some text')
  })
})
