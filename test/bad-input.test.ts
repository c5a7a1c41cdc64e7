import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { startApp, type TestApp } from './support/app.ts'
import { badJson, withField } from './support/bad-values.ts'
import { comment } from './support/comments.ts'
import { exchange, type Sent } from './support/exchange.ts'
import {
  createChecker,
  type Described,
  type Document,
  fetchDocument,
  jsonBodyOf,
  operationsOf,
} from './support/openapi-checker.ts'
import { expectProblem } from './support/problems.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { type SeededFile, seedFile } from './support/seed-file.ts'
import { settled, snapshot } from './support/snapshot.ts'

const INVALID = { status: 422, code: 'validation_failed' }

describe('bad input, of which nothing is written', () => {
  let app: TestApp
  let document: Document
  let check: ReturnType<typeof createChecker>
  let operations: Described[]
  let withBody: Described[]
  let ann: SeededUser
  let post: SeededPost
  let commentId: string
  let file: SeededFile
  let uploadId: string
  let before: string[]

  beforeAll(async () => {
    // What is counted in memory is not brought to the database meanwhile.
    app = await startApp({}, { tally: { flushMs: 3_600_000 } })
    const seed = seedInto(app)
    ann = await seed.user('ann')
    post = await seed.post(ann)
    commentId = (await comment(app, ann, post, 'x')).comment_id
    file = await seedFile(app, ann)
    const upload = { file_name: 'x.bin', file_type: 'application/octet-stream', file_size: 9 }
    uploadId = (await as(app, ann).post('/files/uploads').send(upload).expect(201)).body.upload_id
    document = await fetchDocument(app)
    check = createChecker(app)
    operations = operationsOf(document)
    withBody = operations.filter(operation => jsonBodyOf(operation))
    await settled(app)
  })
  afterAll(() => app.close())
  beforeEach(async () => {
    before = await snapshot(app)
  })
  afterEach(async () => {
    expect(await snapshot(app)).toEqual(before)
  })

  /** Sends as Ann, about what is hers, and holds the reply against the document. */
  const send = async (operation: Described, sent: Partial<Sent>) => {
    const path = operation.template
      .replace('{post_id}', post.post_id)
      .replace('{comment_id}', commentId)
      .replace('{user_id}', ann.user_id)
      .replace('{file_id}', file.file_id)
      .replace('{upload_id}', uploadId)
      .replace('{part_number}', '1')
      .replace('{session_id}', '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60')
    const headers = { Authorization: `Bearer ${ann.token}`, 'Content-Type': 'application/json' }
    const reply = await exchange(app.url, { method: operation.method, path, headers, ...sent })
    expect([operation.operationId, sent.body?.slice(0, 200), check(operation, reply)]).toEqual([
      operation.operationId,
      sent.body?.slice(0, 200),
      null,
    ])
    return reply
  }

  const exampleOf = (operation: Described) =>
    z.record(z.string(), z.unknown()).parse(jsonBodyOf(operation)?.example)
  /** What could be right as a body; anything, where it is not JSON. */
  const bodyOf = (operation: Described): Partial<Sent> => {
    if (!operation.requestBody) return {}
    return { body: jsonBodyOf(operation) ? JSON.stringify(exampleOf(operation)) : 'bytes' }
  }
  const bodySchemaOf = (operation: Described) => {
    const { $ref } = z.object({ $ref: z.string() }).parse(jsonBodyOf(operation)?.schema)
    const schema = document.components.schemas[$ref.split('/').at(-1) ?? '']
    const Shape = z.object({
      properties: z.record(z.string(), z.record(z.string(), z.unknown())),
      required: z.array(z.string()).default([]),
      minProperties: z.number().default(0),
    })
    return Shape.parse(schema)
  }

  test('every field of every body is refused when it is of a wrong type or form, and is named', async () => {
    for (const operation of withBody) {
      for (const [name, schema] of Object.entries(bodySchemaOf(operation).properties)) {
        for (const json of badJson(schema)) {
          const reply = await send(operation, { body: withField(exampleOf(operation), name, json) })
          const about = `${operation.operationId} ${name}: ${json.slice(0, 100)}`
          expect([about, reply.status]).toEqual([about, 422])
          const { errors } = expectProblem(reply, INVALID)
          const pointers = errors?.map(({ pointer }) => pointer) ?? []
          const inField = pointers.every(one => one === `#/${name}` || one.startsWith(`#/${name}/`))
          expect([about, pointers.length > 0, inField]).toEqual([about, true, true])
        }
      }
    }
  })

  test('every field that must be there is missed by its name', async () => {
    for (const operation of withBody) {
      for (const name of bodySchemaOf(operation).required) {
        const { [name]: _left, ...rest } = exampleOf(operation)
        const reply = await send(operation, { body: JSON.stringify(rest) })
        const { errors } = expectProblem(reply, INVALID)
        expect(errors).toEqual([{ pointer: `#/${name}`, message: expect.any(String) }])
      }
    }
  })

  test.each([
    ['unknown', '#/unknown'],
    ['user_id', '#/user_id'],
    ['__proto__', '#/__proto__'],
    ['\\u005f_proto__', '#/__proto__'],
    ['constructor', '#/constructor'],
    ['prototype', '#/prototype'],
    ['toString', '#/toString'],
    ['a/b~c', '#/a~1b~0c'],
    ['', '#/'],
    ['Content', '#/Content'],
    ['content ', '#/content '],
  ])('a field that nobody knows is refused by its name: %j', async (name, pointer) => {
    for (const operation of withBody) {
      for (const json of ['1', 'null', '{"polluted":true}', '{"prototype":{"polluted":true}}']) {
        const reply = await send(operation, { body: withField(exampleOf(operation), name, json) })
        const { errors } = expectProblem(reply, INVALID)
        expect(errors).toEqual([{ pointer, message: 'is not a known field' }])
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([])
    expect({}).not.toHaveProperty('polluted')
  })

  test.each(['{}', 'null', '[]', '"text"', '1', ''])('a body of %j changes nothing', async body => {
    for (const operation of withBody) {
      const { required, minProperties } = bodySchemaOf(operation)
      // Where every field can be left out, all of them can, and so can the body.
      if (['', '{}'].includes(body) && required.length === 0 && minProperties === 0) continue
      expectProblem(await send(operation, { body }), INVALID)
    }
  })

  test('a body that cannot be read is refused everywhere', async () => {
    const authorization = { Authorization: `Bearer ${ann.token}` }
    const type = (value: string) => ({ ...authorization, 'Content-Type': value })
    for (const operation of withBody) {
      const body = JSON.stringify(exampleOf(operation))
      const refused = async (sent: Partial<Sent>, status: number, code: string) =>
        expectProblem(await send(operation, sent), { status, code })
      await refused({ body: body.slice(0, -1) }, 400, 'malformed_json')
      await refused({ body: `${body}x` }, 400, 'malformed_json')
      await refused({ body: body.padEnd(256 * 1024 + 1) }, 413, 'body_too_large')
      await refused({ body, headers: type('text/plain') }, 415, 'unsupported_type')
      await refused({ body, headers: type('application/x-www-form-urlencoded') }, 415, 'unsupported_type')
      await refused({ body, headers: type('application/json; charset=latin1') }, 415, 'unsupported_type')
      await refused({ body, headers: authorization }, 415, 'unsupported_type')
    }
  })

  test('an id of another kind, or of nothing, is 404 whatever is done with it', async () => {
    const ids = [
      'x',
      '%00',
      'null',
      '-1',
      '%2e%2e',
      '__proto__',
      'A'.repeat(2000),
      '%F0%9F%98%80',
      '%E2%80%AE',
    ]
    for (const operation of operations.filter(({ template }) => template.includes('{'))) {
      for (const id of [...ids, '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60']) {
        const path = operation.template.replace(/\{\w+\}/, id).replace('{part_number}', '1')
        const whole = path.replace('{comment_id}', commentId)
        const reply = await send(operation, { path: whole, ...bodyOf(operation) })
        expectProblem(reply, { status: 404, code: 'not_found' })
        if (whole === path) continue
        const child = operation.template.replace('{post_id}', post.post_id).replace('{comment_id}', id)
        expectProblem(await send(operation, { path: child, ...bodyOf(operation) }), {
          status: 404,
          code: 'not_found',
        })
      }
      const path = operation.template.replace(/\{\w+\}/, '%ff')
      expectProblem(await send(operation, { path }), { status: 400, code: 'malformed_path' })
    }
  })

  test('without a valid token nothing happens, however right the rest is', async () => {
    const guarded = operations.filter(({ security }) => JSON.stringify(security) === '[{"bearer":[]}]')
    expect(guarded.length).toBeGreaterThan(5)
    const tokens = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      `Basic ${ann.token}`,
      ann.token,
      `Bearer ${ann.token}x`,
    ]
    for (const operation of guarded) {
      for (const token of tokens) {
        const headers = {
          'Content-Type': 'application/json',
          ...(token !== undefined && { Authorization: token }),
        }
        const reply = await send(operation, { headers, ...bodyOf(operation) })
        expectProblem(reply, { status: 401, code: 'unauthorized' })
      }
    }
  })
})
