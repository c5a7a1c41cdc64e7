import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { comment } from './support/comments.ts'
import { exchange, type Reply } from './support/exchange.ts'
import { codeOf, essenceOf, isReplay, keyed } from './support/keyed.ts'
import { fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { expectProblem } from './support/problems.ts'
import { rowsOf } from './support/rows.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

/** The operations that take a key: what to send to each, and where its effects lie. */
const OPERATIONS: [
  name: string,
  operation: { path(post: SeededPost): string; body: object; other: object; table: string },
][] = [
  [
    'POST /posts',
    { path: () => '/posts', body: { content: 'One' }, other: { content: 'Two' }, table: 'Posts' },
  ],
  [
    'POST /posts/{post_id}/comments',
    {
      path: ({ post_id }) => `/posts/${post_id}/comments`,
      body: { content: 'One' },
      other: { content: 'Two' },
      table: 'Comments',
    },
  ],
  [
    'POST /files/upload',
    {
      path: () => '/files/upload',
      body: { fileName: 'a.txt', fileContent: 'SGVsbG8=', fileType: 'text/plain' },
      other: { fileName: 'a.txt', fileContent: 'SGVsbG9v', fileType: 'text/plain' },
      table: 'FileMetadata',
    },
  ],
  [
    'POST /files/uploads',
    {
      path: () => '/files/uploads',
      body: { file_name: 'a.txt', file_type: 'text/plain', file_size: 9 },
      other: { file_name: 'a.txt', file_type: 'text/plain', file_size: 8 },
      table: 'FileMetadata',
    },
  ],
]

describe('a request with an Idempotency-Key', () => {
  let app: TestApp
  let second: TestApp
  let ann: SeededUser
  let bob: SeededUser
  let post: SeededPost

  beforeAll(async () => {
    app = await startApp()
    second = await startApp(app.env)
    ;[ann, bob] = await seedInto(app).users('ann', 'bob')
    post = await seedInto(app).post(ann)
  })
  afterAll(() => Promise.all([app.close(), second.close()]))

  const write = (user: SeededUser, k: string | null, body: unknown, at: TestApp = app) =>
    keyed(at, user, k, '/posts', body)

  const postsOf = async (user: SeededUser) => (await rowsOf(app, 'Posts', user.user_id)).length

  test('can be sent to what the document says, which is what is told of here', async () => {
    const operations = operationsOf(await fetchDocument(app))
    const taking = operations.filter(({ parameters }) =>
      parameters.some(({ name, in: place }) => name === 'Idempotency-Key' && place === 'header'),
    )
    expect(taking.map(({ method, template }) => `${method} ${template}`).sort()).toEqual(
      OPERATIONS.map(([name]) => name).sort(),
    )
    for (const { responses } of taking)
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['409', '422']))
  })

  test.each(OPERATIONS)('to %s has one effect and one reply', async (_name, operation) => {
    const eve = await seedInto(app).user('eve')
    const k = randomUUID()
    const path = operation.path(post)
    const first = await keyed(app, eve, k, path, operation.body)
    expect(first.status).toBe(201)
    expect(isReplay(first)).toBe(false)
    for (const at of [app, second, app]) {
      const again = await keyed(at, eve, k, path, operation.body)
      expect([essenceOf(again), isReplay(again)]).toEqual([essenceOf(first), true])
    }
    expect(await rowsOf(app, operation.table, eve.user_id)).toHaveLength(1)

    const other = await keyed(second, eve, k, path, operation.other)
    expectProblem(other, { status: 422, code: 'idempotency_key_reused' })
    expect(await rowsOf(app, operation.table, eve.user_id)).toHaveLength(1)

    const keyless = [
      await keyed(app, eve, null, path, operation.body),
      await keyed(app, eve, randomUUID(), path, operation.body),
    ]
    expect(keyless.map(({ status, text }) => [status, text === first.text])).toEqual([
      [201, false],
      [201, false],
    ])
    expect(await rowsOf(app, operation.table, eve.user_id)).toHaveLength(3)
  })

  test('of which four arrive at once has one effect, and the others hear of it or of its reply', async () => {
    const eve = await seedInto(app).user('eve')
    const k = randomUUID()
    const replies = await Promise.all(
      [app, second, app, second].map(at => write(eve, k, { content: 'All at once' }, at)),
    )
    const made = replies.filter(({ status }) => status === 201)
    const told = replies.filter(({ status }) => status !== 201)
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(made.map(({ text }) => text)).size).toBe(1)
    for (const reply of told) expectProblem(reply, { status: 409, code: 'request_in_progress' })
    for (const { headers } of told) expect(headers.get('retry-after')).toBe('1')
    expect(await postsOf(eve)).toBe(1)
  })

  test('says what it is about by its meaning, not by how it is spelled', async () => {
    const k = randomUUID()
    const first = await write(ann, k, '{"content":"Spelled","tags":["Beach"]}')
    const spellings = [
      '{ "tags": ["Beach"], "content": "Spelled" }',
      '{"content":"Spel\\u006ced","tags":["beach"],"is_public":true,"file_ids":[]}',
    ]
    for (const spelling of spellings) {
      expect(essenceOf(await write(ann, k, spelling))).toEqual(essenceOf(first))
    }
    const differing = ['{"content":"Spelled"}', '{"content":"Spelled","tags":["beach"],"is_public":false}']
    for (const body of differing) expect(codeOf(await write(ann, k, body))).toBe('422 idempotency_key_reused')
  })

  test('is of one user, and of one route with all of its path', async () => {
    const k = randomUUID()
    const body = { content: 'The same words' }
    const [other] = await Promise.all([seedInto(app).post(bob)])
    const ofAnn = await write(ann, k, body)
    const ofBob = await write(bob, k, body)
    const said = await keyed(app, ann, k, `/posts/${post.post_id}/comments`, body)
    expect([ofAnn.status, ofBob.status, said.status]).toEqual([201, 201, 201])
    expect(new Set([ofAnn, ofBob, said].map(({ text }) => text)).size).toBe(3)
    const elsewhere = await keyed(app, ann, k, `/posts/${other.post_id}/comments`, body)
    expect(codeOf(elsewhere)).toBe('422 idempotency_key_reused')
    // Bob cannot have Ann's reply, whatever he sends.
    expect(essenceOf(await write(bob, k, body))).toEqual(essenceOf(ofBob))
  })

  test('gets the first reply, whatever became of it since', async () => {
    const k = randomUUID()
    const first = await write(ann, k, { content: 'Liked, then gone' })
    const { post_id } = JSON.parse(first.text).post
    await as(app, bob).put(`/posts/${post_id}/like`).expect(200)
    expect((await write(ann, k, { content: 'Liked, then gone' })).text).toBe(first.text)
    await as(app, ann).delete(`/posts/${post_id}`).expect(204)
    expect(essenceOf(await write(ann, k, { content: 'Liked, then gone' }))).toEqual(essenceOf(first))
    await as(app, ann).get(`/posts/${post_id}`).expect(404)
  })

  test('that was refused leaves its key free, for what is right', async () => {
    const k = randomUUID()
    expect(codeOf(await write(ann, k, { content: '' }))).toBe('422 validation_failed')
    expect(codeOf(await write(ann, k, '{'))).toBe('400 malformed_json')
    const foreign = { content: 'A file', file_ids: ['019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'] }
    expect(codeOf(await write(ann, k, foreign))).toBe('422 validation_failed')
    expect((await write(ann, k, { content: 'Better' })).status).toBe(201)

    const hidden = await seedInto(app).post(bob, { is_public: false })
    const comments = `/posts/${hidden.post_id}/comments`
    expect(codeOf(await keyed(app, ann, k, comments, { content: 'Hello' }))).toBe('404 not_found')
    const parent = await comment(app, ann, post, 'On another post')
    const astray = { content: 'Hello', parent_comment_id: parent.comment_id }
    const elsewhere = await seedInto(app).post(ann)
    const path = `/posts/${elsewhere.post_id}/comments`
    expect(codeOf(await keyed(app, ann, k, path, astray))).toBe('422 validation_failed')
    expect((await keyed(app, ann, k, path, { content: 'Hello' })).status).toBe(201)
  })

  test('is a new one after 24 hours', async () => {
    const k = randomUUID()
    const first = await write(ann, k, { content: 'Yesterday' })
    const { dynamo } = app.context.backends
    const [row] = await rowsOf(app, 'IdempotencyKeys', JSON.parse(first.text).post.post_id)
    const now = Date.now() / 1000
    expect(Number(row?.expires_at) - now).toBeGreaterThan(86_000)
    expect(Number(row?.expires_at) - now).toBeLessThan(86_401)
    // The database takes its time to delete what has expired.
    await dynamo.update('IdempotencyKeys', {
      Key: { key_hash: row?.key_hash },
      UpdateExpression: 'SET expires_at = :over',
      ExpressionAttributeValues: { ':over': Math.floor(now) - 1 },
    })
    const today = await write(ann, k, { content: 'Today' })
    expect([today.status, isReplay(today)]).toEqual([201, false])
    expect(essenceOf(await write(ann, k, { content: 'Today' }))).toEqual(essenceOf(today))
  })

  const sendRaw = (value: string | string[]): Promise<Reply> =>
    exchange(app.url, {
      method: 'POST',
      path: '/posts',
      headers: {
        Authorization: `Bearer ${ann.token}`,
        'Content-Type': 'application/json',
        // Node's client sends a list as so many headers.
        ...({ 'Idempotency-Key': value } as Record<string, string>),
      },
      body: '{"content":"With an odd key"}',
    })

  test.each<[string, string | string[]]>([
    ['empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a character that is not ASCII', 'schl\u00fcssel'],
    ['with a control character', 'a\tb'],
    ['that is there twice', ['a', 'b']],
  ])('that is %s is refused', async (_name, value) => {
    const before = await postsOf(ann)
    expectProblem(await sendRaw(value), { status: 400, code: 'invalid_idempotency_key' })
    expect(await postsOf(ann)).toBe(before)
  })

  test('may be long, or quoted as the draft has it, which is the same', async () => {
    const long = randomUUID().padEnd(255, ' ~')
    const bare = await sendRaw(`${long.slice(0, -1)}k`)
    const quoted = await sendRaw(`"${long.slice(0, -1)}k"`)
    expect([bare.status, quoted.text]).toEqual([201, bare.text])
  })

  test('elsewhere is nobody’s business', async () => {
    const reply = await exchange(app.url, {
      method: 'PUT',
      path: `/posts/${post.post_id}/like`,
      headers: { Authorization: `Bearer ${bob.token}`, 'Idempotency-Key': '' },
    })
    expect(reply.status).toBe(200)
  })
})
