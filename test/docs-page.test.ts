import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { expectProblem } from './support/problems.ts'

describe('the reference as a page', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    exchange(app.url, { method, path, headers })

  /** Every file that the page names. */
  const named = async () => {
    const { text } = await get('/docs')
    return [...text.matchAll(/(?:src|href)="(\/docs\/[^"]+)"/g)].map(([, path = '']) => path)
  }

  test('is HTML, whole, and all that it names is there', async () => {
    const { status, headers, text } = await get('/docs')
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(text).toMatch(/^<!doctype html>/)
    const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }
    const files = await named()
    expect(files.length).toBeGreaterThan(4)
    for (const path of files) {
      const reply = await get(path)
      const type = types[path.split('.').at(-1) as keyof typeof types]
      expect([path, reply.status, reply.headers.get('content-type')]).toEqual([
        path,
        200,
        `${type}; charset=utf-8`,
      ])
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('runs nothing inline, evaluates nothing and speaks to its own origin only', async () => {
    for (const path of ['/docs', ...(await named())]) {
      const { headers } = await get(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect([path, policy]).toEqual([path, expect.stringMatching(/^default-src 'none';script-src 'self';/)])
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(policy).toContain("connect-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
    }
  })

  test('leaves the policy of everything else as it was', async () => {
    for (const path of ['/', '/openapi.json', '/docs/nothing', '/docsx']) {
      const { headers } = await get(path)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';object-src 'none'",
      )
    }
  })

  test('is asked for again and sent once', async () => {
    for (const path of ['/docs', ...(await named())]) {
      const first = await get(path)
      expect(first.headers.get('cache-control')).toBe('no-cache')
      const again = await get(path, { 'If-None-Match': first.headers.get('etag') ?? '' })
      expect([path, again.status, again.text]).toEqual([path, 304, ''])
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'))
    }
  })

  test('is packed for who takes it so', async () => {
    const path = '/docs/swagger-ui-bundle.js'
    const [plain, packed, head] = await Promise.all([
      fetch(app.url + path, { headers: { 'Accept-Encoding': 'identity' } }),
      fetch(app.url + path, { headers: { 'Accept-Encoding': 'br, gzip' } }),
      get(path, { 'Accept-Encoding': 'gzip' }, 'HEAD'),
    ])
    expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual([
      null,
      'gzip',
    ])
    const size = (reply: { headers: Headers }) => Number(reply.headers.get('content-length'))
    expect(size(packed)).toBeLessThan(size(plain) / 3)
    expect(size(head)).toBe(size(packed))
    expect(packed.headers.get('vary')).toContain('Accept-Encoding')
    // `fetch` has unpacked it.
    expect(await packed.text()).toBe(await plain.text())
  })

  test('has no other files, whatever path is asked for, and no other methods', async () => {
    for (const path of [
      '/docs/package.json',
      '/docs/..%2fpackage.json',
      '/docs/swagger-ui.css.map',
      '/docs/%00',
    ])
      expectProblem(await get(path), { status: 404, code: 'not_found' })
    for (const path of ['/docs', '/docs/page.js']) {
      const refused = await get(path, {}, 'POST')
      expectProblem(refused, { status: 405, code: 'method_not_allowed' })
      expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
    }
  })
})
