import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { form, kept, keptAtLast, NOTHING } from './support/uploads.ts'

describe('a form that is no upload', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const post = (owner: SeededUser, { headers, body }: { headers: object; body: Uint8Array | string }) =>
    exchange(app.url, {
      method: 'POST',
      path: '/files/upload',
      headers: { Authorization: `Bearer ${owner.token}`, ...headers },
      body,
    })

  const file = { head: 'name="file"; filename="a.bin"', body: 'abc' }
  const field = (name: string, body: string) => ({ head: `name="${name}"`, body })

  test.each([
    ['without a file', [field('tags', '[]')]],
    ['with a file of no name', [{ head: 'name="file"; filename=""', body: 'abc' }]],
    ['with its file as a field', [field('file', 'abc')]],
    ['with two files', [file, file]],
    ['with a file by another name', [{ ...file, head: 'name="photo"; filename="a"' }]],
    ['with an unknown field after the file', [file, field('owner', 'me')]],
    ['with an unknown field before the file', [field('owner', 'me'), file]],
    ['with a field twice', [file, field('is_public', 'true'), field('is_public', 'true')]],
    ['with a field of a prototype', [file, field('__proto__[polluted]', 'yes')]],
    ['with tags that are no JSON', [file, field('tags', 'work')]],
    ['with tags that are no tags', [file, field('tags', '["two words"]')]],
    ['with eleven tags', [file, field('tags', JSON.stringify(Array(11).fill('a')))]],
    ['with a flag that is none', [file, field('is_public', 'yes')]],
    ['with a field of 100 KiB', [file, field('tags', 'x'.repeat(100 * 1024))]],
    ['with 10,000 parts', [file, ...Array<typeof file>(10_000).fill(field('tags', '[]'))]],
    ['with 10,000 files', Array<typeof file>(10_000).fill(file)],
  ])('%s is a problem and leaves nothing', async (_what, parts) => {
    const dora = await seed.user('dora')
    expectProblem(await post(dora, form(parts)), { status: 422, code: 'validation_failed' })
    expect(await keptAtLast(app, dora)).toEqual(NOTHING)
  })

  test('is a problem when its form breaks off or is none', async () => {
    const dora = await seed.user('dora')
    const { headers, body } = form([{ ...file, body: 'x'.repeat(50_000) }])
    const broken = { status: 400, code: 'malformed_form' }
    for (const length of [10, 60, 5000, body.length - 10]) {
      expectProblem(await post(dora, { headers, body: body.subarray(0, length) }), broken)
    }
    expectProblem(await post(dora, { headers, body: 'what' }), broken)
    const unbound = { headers: { 'Content-Type': 'multipart/form-data' }, body }
    expectProblem(await post(dora, unbound), broken)
    expect(await keptAtLast(app, dora)).toEqual(NOTHING)
  })

  test('is a problem in another type, as broken JSON, or without a length', async () => {
    const dora = await seed.user('dora')
    const type = (name: string) => ({ 'Content-Type': name })
    const unsupported = { status: 415, code: 'unsupported_type' }
    expectProblem(await post(dora, { headers: type('text/plain'), body: 'abc' }), unsupported)
    expectProblem(await post(dora, { headers: {}, body: '' }), unsupported)
    const json = type('application/json')
    expectProblem(await post(dora, { headers: json, body: '{' }), { status: 400, code: 'malformed_json' })
    for (const body of ['{}', '[]', '{"fileName":"a","fileContent":"*"}']) {
      expectProblem(await post(dora, { headers: json, body }), { status: 422, code: 'validation_failed' })
    }
    const huge = JSON.stringify({ fileName: 'a'.repeat(1024 * 1024), fileContent: 'AAAA' })
    expectProblem(await post(dora, { headers: json, body: huge }), { status: 413, code: 'body_too_large' })
    const packed = { ...json, 'Content-Encoding': 'gzip' }
    expectProblem(await post(dora, { headers: packed, body: '{}' }), unsupported)

    const { headers } = form([])
    const chunked = await fetch(`${app.url}/files/upload`, {
      method: 'POST',
      headers: { ...headers, Authorization: `Bearer ${dora.token}` },
      body: new Blob(['abc']).stream(),
      duplex: 'half',
    })
    expect(chunked.status).toBe(411)
    expect(await chunked.json()).toMatchObject({ code: 'length_required' })
    expect(await keptAtLast(app, dora)).toEqual(NOTHING)
  })

  test('whose client goes in the middle leaves nothing', async () => {
    const eve = await seed.user('eve')
    const { headers, body } = form([{ head: 'name="file"; filename="a"', body: randomBytes(1_000_000) }])
    const { hostname, port } = new URL(app.url)
    for (const sent of [120, 5000, 600_000]) {
      const sending = request({ hostname, port, method: 'POST', path: '/files/upload' })
      sending.on('error', () => {})
      sending.setHeader('Content-Type', headers['Content-Type']).setHeader('Content-Length', body.length)
      sending.setHeader('Authorization', `Bearer ${eve.token}`)
      sending.write(body.subarray(0, sent))
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
    }
    expect(app.log().filter(({ level }) => level === 50 || level === 'error')).toEqual([])
  })
})
