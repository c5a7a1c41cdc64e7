import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous } from './support/seed.ts'

describe('the page that a mailed link leads to', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp({ REGISTRATION_MODE: 'verify' })
  })
  afterAll(() => app.close())

  test.each(['/verify-email', '/reset-password'])(
    'is served and may run its own script alone: %s',
    async path => {
      const { text, headers } = await anonymous(app)
        .get(path)
        .expect(200)
        .expect('Content-Type', /^text\/html/)
      const [, script = ''] = /<script>(.*)<\/script>/s.exec(text) ?? []
      const policy = headers['content-security-policy'] ?? ''
      expect(policy).toContain(`script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`)
      for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"])
        expect(policy).toContain(rule)
      expect(headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' })
      // Nothing from elsewhere, and nothing of what was asked for.
      expect(text).not.toMatch(/https?:/)
      const asked = await anonymous(app).get(`${path}?token=<script>alert(1)</script>`).expect(200)
      expect(asked.text).toBe(text)
      await anonymous(app).head(path).expect(200)
      await anonymous(app).post(path).expect(404)
      await anonymous(app).get(`${path}/x`).expect(404)
    },
  )

  test('changes nothing when a scanner opens it, and sends the token where any client would', async () => {
    const ann = { email: 'ann@example.com', password: 'the password of ann', name: 'Ann' }
    await anonymous(app).post('/auth/register').send(ann).expect(202)
    const { link = '', token } = await mailbox(ann.email, app).open()
    const page = new URL(link)
    const html = await (await fetch(page)).text()
    const [, to = ''] = /data-to="([^"]+)"/.exec(html) ?? []
    const { email, password } = ann
    await anonymous(app).post('/auth/login').send({ email, password }).expect(401)
    const reply = await fetch(new URL(to, page), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: new URLSearchParams(page.hash.slice(1)).get('token') }),
    })
    expect([reply.status, token]).toEqual([204, new URLSearchParams(page.hash.slice(1)).get('token')])
    await anonymous(app).post('/auth/login').send({ email, password }).expect(200)
  })
})
