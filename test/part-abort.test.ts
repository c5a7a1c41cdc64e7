import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

describe('a part whose sender leaves while its upload is being looked up', () => {
  const looking = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let holding = false
  let app: TestApp

  beforeAll(async () => {
    app = await startApp(
      {},
      {
        backends: opened => ({
          ...opened,
          dynamo: {
            ...opened.dynamo,
            get: async (table, key) => {
              if (holding && table === 'FileMetadata') {
                looking.resolve()
                await gate.promise
              }
              return opened.dynamo.get(table, key)
            },
          },
        }),
      },
    )
  })
  afterAll(() => app.close())

  test('leaves the service as it was', async () => {
    const ann = await seedInto(app).user('ann')
    const { body: upload } = await as(app, ann)
      .post('/files/uploads')
      .send({ file_name: 'a.bin', file_type: 'application/octet-stream', file_size: 1000 })
      .expect(201)
    holding = true
    const path = `/files/uploads/${upload.upload_id}/parts/1`
    const headers = {
      authorization: `Bearer ${ann.token}`,
      'content-length': 1000,
      'x-request-id': 'leaving',
    }
    const sending = httpRequest(app.url + path, { method: 'PUT', headers })
    sending.on('error', () => {})
    sending.write('some of it')
    await looking.promise
    sending.destroy()
    await until(app.log, lines => lines.some(line => line.request_id === 'leaving' && line.aborted === true))
    holding = false
    gate.resolve()

    await anonymous(app).get('/health').expect(200)
    const { body } = await as(app, ann).get(`/files/uploads/${upload.upload_id}`).expect(200)
    expect(body.parts).toEqual([])

    // And one that leaves in the middle is no fault of the service either.
    const leaving = httpRequest(app.url + path, {
      method: 'PUT',
      headers: { ...headers, 'x-request-id': 'left' },
    })
    leaving.on('error', () => {})
    leaving.write('some of it', () => leaving.destroy())
    await until(app.log, lines => lines.some(line => line.request_id === 'left' && line.aborted === true))
    expect(app.log().filter(({ level }) => level === 50 || level === 'error')).toEqual([])
  })
})
