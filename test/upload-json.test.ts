import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createBase64Decoder } from '../src/files/base64-decoder.ts'
import { createContentSplitter } from '../src/files/content-splitter.ts'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { kept, keptAtLast, NOTHING, sha256 } from './support/uploads.ts'

/** What encoders of JSON may make of a text: PHP escapes slashes, .NET plus signs. */
const ENCODERS: ((text: string) => string)[] = [
  text => JSON.stringify(text),
  text => JSON.stringify(text).replaceAll('/', '\\/'),
  text => JSON.stringify(text).replaceAll('+', '\\u002B').replaceAll('=', '\\u003d'),
]

describe('the reader of a JSON upload', () => {
  /** Cuts bytes into pieces at the given places. */
  const pieces = (bytes: Buffer, cuts: number[]) => {
    const at = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
  }

  test('gives the content and the rest, wherever the body is cut', () => {
    const others = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }))
    const property = fc.property(
      fc.uint8Array({ maxLength: 300 }),
      others,
      others,
      fc.constantFrom(...ENCODERS),
      fc.constantFrom(undefined, 1, '\t'),
      fc.array(fc.nat(), { maxLength: 20 }),
      (content, before, after, encode, indent, cuts) => {
        for (const fields of [before, after]) Reflect.deleteProperty(fields, 'content')
        const whole = { ...before, content: Buffer.from(content).toString('base64'), ...after }
        const mark = `"content":${indent === undefined ? '' : ' '}`
        const body = JSON.stringify(whole, undefined, indent).replace(
          `${mark}"${whole.content}"`,
          () => mark + encode(whole.content),
        )
        const splitter = createContentSplitter('content', 100_000)
        const decoder = createBase64Decoder('#/content')
        const decoded = pieces(Buffer.from(body), cuts).map(piece => decoder.push(splitter.push(piece)))
        expect(Buffer.concat([...decoded, decoder.end()])).toEqual(Buffer.from(content))
        expect(splitter.place).toBe('after')
        expect(JSON.parse(splitter.rest().toString())).toEqual({ ...JSON.parse(body), content: '' })
        expect(JSON.parse(`${splitter.begun()}"}`)).toHaveProperty('content', '')
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('takes exactly what is base64', () => {
    const strict = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
    const texts = fc.string({ unit: fc.constantFrom(...'Ab9+/=-'), maxLength: 14 })
    const property = fc.property(texts, fc.array(fc.nat(), { maxLength: 4 }), (text, cuts) => {
      const decoder = createBase64Decoder('#/content')
      const decode = () => {
        const decoded = pieces(Buffer.from(text), cuts).map(piece => decoder.push(piece))
        return Buffer.concat([...decoded, decoder.end()])
      }
      if (strict.test(text)) expect(decode()).toEqual(Buffer.from(text, 'base64'))
      else expect(decode).toThrow(expect.objectContaining({ status: 422 }))
    })
    fc.assert(property, {
      numRuns: 2000,
      examples: [
        ['AA==AAAA', [4]],
        ['AAA=', [3]],
        ['A===', []],
      ],
    })
  })
})

describe('a JSON upload', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp({ MAX_FILE_SIZE: String(14 * 1024 * 1024) })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const post = (owner: SeededUser, body: string) =>
    exchange(app.url, {
      method: 'POST',
      path: '/files/upload',
      headers: { Authorization: `Bearer ${owner.token}`, 'Content-Type': 'application/json; charset=utf-8' },
      body,
    })

  test('says what it is before its content or after, and is the same file', async () => {
    const bytes = randomBytes(200_000)
    const [content] = ENCODERS.map(encode => encode(bytes.toString('base64'))).slice(1)
    const [name, type] = ['"fileName": "Zürich.csv"', '"fileType":"text/csv"']
    for (const fields of [
      [name, `"fileContent":${content}`, type],
      [`"fileContent" : ${content}`, name, type],
      [type, name, `"fileContent":${content}`],
    ]) {
      const { status, text } = await post(ann, ` {${fields.join(' ,\n')}} `)
      expect(status).toBe(201)
      const { file, fileKey } = JSON.parse(text)
      expect(file).toMatchObject({
        file_name: 'Zürich.csv',
        file_type: bytes.subarray(0, 4100).includes(0) ? 'application/octet-stream' : 'text/csv',
        checksum_sha256: sha256(bytes),
        metadata: { original_name: 'Zürich.csv' },
      })
      // Where the name came too late for the key, the key has none.
      expect(fileKey).toMatch(
        fields[0]?.includes('Content') ? /\/file$/ : /\/Zu_rich\.csv$|\/Zu\u0308?rich\.csv$/,
      )
      const read = await as(app, ann).get(`/files/${file.file_id}/content`).buffer(true).responseType('blob')
      expect(bytes.equals(read.body)).toBe(true)
    }
  })

  test('may be as large as any other, and no larger', async () => {
    const bytes = randomBytes(13 * 1024 * 1024)
    const body = (content: string) => JSON.stringify({ fileName: 'a', fileContent: content })
    const { status, text } = await post(ann, body(bytes.toString('base64')))
    expect([status, JSON.parse(text).file.checksum_sha256]).toEqual([201, sha256(bytes)])
    const bob = await seedInto(app).user('bob')
    const tooLarge = { status: 413, code: 'file_too_large' }
    expectProblem(await post(bob, body('A'.repeat(20 * 1024 * 1024))), tooLarge)
    expect(await keptAtLast(app, bob)).toEqual(NOTHING)
  })

  test.each([
    ['that ends within its content', '{"fileName":"a","fileContent":"AAAA', 400, 'malformed_json'],
    ['that ends after its content', '{"fileName":"a","fileContent":"AAAA"', 400, 'malformed_json'],
    ['that goes on after its end', '{"fileName":"a","fileContent":"AAAA"}{}', 400, 'malformed_json'],
    ['with its content twice', '{"fileContent":"AAAA","fileContent":"AAAA"}', 400, 'malformed_json'],
    ['with bytes that are no text', '{"fileName":"\xff","fileContent":"AAAA"}', 400, 'malformed_json'],
    ['of brackets', '['.repeat(1_000_000), 413, 'body_too_large'],
    ['of blanks', ' '.repeat(1_000_000), 413, 'body_too_large'],
    ['of a list', '[{"fileName":"a","fileContent":"AAAA"}]', 422, 'validation_failed'],
    ['without a name', '{"fileContent":"AAAA"}', 422, 'validation_failed'],
    ['with more than is known', '{"fileContent":"AAAA","fileName":"a","owner":1}', 422, 'validation_failed'],
    ['without content', '{"fileName":"a","fileType":"a/b"}', 422, 'validation_failed'],
    ['with a number for its content', '{"fileName":"a","fileContent":1}', 422, 'validation_failed'],
    ['with content by another name', '{"fileName":"a","file\\u0043ontent":"AA=="}', 422, 'validation_failed'],
    ['with content that is cut short', '{"fileName":"a","fileContent":"AAAAA"}', 422, 'validation_failed'],
    ['with another quote in it', '{"fileName":"a","fileContent":"AA\\"A"}', 400, 'malformed_json'],
    ['with an escape that is none', '{"fileName":"a","fileContent":"AA\\u00"}', 422, 'validation_failed'],
    [
      'of a picture that is none',
      '{"fileContent":"AAAA","fileName":"a","fileType":"image/png"}',
      415,
      'unsupported_type',
    ],
  ])('%s is a problem and leaves nothing', async (_what, body, status, code) => {
    const owner = await seedInto(app).user('mallory')
    const bytes = Buffer.from(body, 'latin1')
    const headers = { Authorization: `Bearer ${owner.token}`, 'Content-Type': 'application/json' }
    expectProblem(await exchange(app.url, { method: 'POST', path: '/files/upload', headers, body: bytes }), {
      status,
      code,
    })
    expect(await keptAtLast(app, owner)).toEqual(NOTHING)
  })

  test('whose client goes in the middle leaves nothing, and no error in the log', async () => {
    const eve = await seedInto(app).user('eve')
    const body = JSON.stringify({ fileName: 'a', fileContent: randomBytes(600_000).toString('base64') })
    const { hostname, port } = new URL(app.url)
    const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
    sending.on('error', () => {})
    sending.setHeader('Content-Type', 'application/json').setHeader('Content-Length', body.length)
    sending.setHeader('Authorization', `Bearer ${eve.token}`)
    sending.write(body.slice(0, 300_000))
    await until(
      () => kept(app, eve),
      ({ records }) => records.length === 1,
    )
    sending.destroy()
    const left = await until(
      () => keptAtLast(app, eve),
      ({ records }) => records.length === 0,
    )
    expect(left).toEqual(NOTHING)
    expect(app.log().filter(({ level }) => level === 50 || level === 'error')).toEqual([])
  })
})
