import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { Browser, Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { startApp, type TestApp } from './support/app.ts'
import { launchBrowser, watchPage } from './support/browser.ts'
import { as } from './support/seed.ts'

// A browser on a busy machine takes its time; its own limit for each step is 30 s.
jest.setTimeout(120_000)

const ann = { email: 'ann@example.com', password: 'correct horse battery staple', name: 'Ann' }

describe('a stranger with nothing but the reference', () => {
  let app: TestApp
  let browser: Browser
  let page: Page
  let seen: ReturnType<typeof watchPage>

  beforeAll(async () => {
    ;[app, browser] = await Promise.all([startApp(), launchBrowser()])
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
    seen = watchPage(page, app.url)
    await page.goto(`${app.url}/docs`)
  })
  afterAll(async () => {
    await browser.close()
    await app.close()
  })

  /** Unfolds an operation, unless it is. */
  const open = async (id: string): Promise<Locator> => {
    const operation = page.locator(`[id^="operations-"][id$="-${id}"]`)
    const summary = operation.locator('.opblock-summary-control')
    if ((await summary.getAttribute('aria-expanded')) !== 'true') await summary.click()
    return operation
  }

  /** Sends what the operation's form has, and tells what the page shows of the reply. */
  const execute = async (operation: Locator) => {
    const replied = page.waitForResponse(reply => reply.request().resourceType() === 'fetch')
    await operation.locator('button.execute').click()
    const status = (await replied).status()
    const reply = operation.locator('.live-responses-table .response').filter({ hasText: `${status}` })
    await reply.waitFor()
    return { status, reply }
  }

  const send = async (id: string, body: object) => {
    const operation = await open(id)
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(body))
    return execute(operation)
  }

  test('signs up and logs in', async () => {
    expect((await send('postAuthRegister', ann)).status).toBe(201)
    const { email, password } = ann
    expect((await send('postAuthLogin', { email, password })).status).toBe(200)
    await page.getByText('Logged in as Ann.').waitFor()
  })

  let token: string
  let fileId: string

  test('posts, without having copied a token', async () => {
    const { status, reply } = await send('postPosts', { content: 'Hello from the reference' })
    expect(status).toBe(201)
    expect(await reply.innerText()).toContain('Hello from the reference')
    const request = await page.locator('[id$="-postPosts"] .curl-command').first().innerText()
    token = /Bearer ([\w.-]+)/.exec(request)?.[1] ?? ''
    const { body } = await as(app, { token }).get('/feed').expect(200)
    expect(body.posts).toMatchObject([{ content: 'Hello from the reference' }])
  })

  test('uploads a picture, and sees it', async () => {
    const create = { width: 200, height: 100, channels: 3, background: '#2f6f5e' } as const
    const buffer = await sharp({ create }).png().toBuffer()
    const form = await open('postFilesUpload')
    await form.locator('input[type=file]').setInputFiles({ name: 'sea.png', mimeType: 'image/png', buffer })
    await form.getByRole('button', { name: 'Add string item' }).click()
    await form.locator('[data-property-name=tags] input[type=text]').fill('beach')
    expect((await execute(form)).status).toBe(201)

    const { body } = await as(app, { token }).get('/files').expect(200)
    const [file] = body.files
    expect(file).toMatchObject({
      file_name: 'sea.png',
      file_type: 'image/png',
      checksum_sha256: createHash('sha256').update(buffer).digest('hex'),
    })
    fileId = file.file_id
    const content = await open('getFilesFileIdContent')
    await content.locator('input[placeholder=file_id]').fill(fileId)
    const { status, reply } = await execute(content)
    expect(status).toBe(200)
    const shown = reply.locator('img')
    await shown.waitFor()
    expect(await shown.evaluate(image => 'naturalWidth' in image && image.naturalWidth)).toBe(200)
  })

  test('finds it with the tag that was given, and private, as the form had it', async () => {
    const { body } = await as(app, { token }).get(`/files/${fileId}`).expect(200)
    expect(body.file).toMatchObject({ is_public: false, tags: ['beach'] })
  })

  test('logs out, and may nothing any more', async () => {
    expect((await execute(await open('postAuthLogout'))).status).toBe(204)
    await page.getByText('Sign up with').waitFor()
    expect((await send('postPosts', { content: 'Still here?' })).status).toBe(401)
  })

  test('comes back with a token from elsewhere', async () => {
    const other = await fetch(`${app.url}/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: ann.email, password: ann.password }),
    })
    const { token: fresh } = (await other.json()) as { token: string }
    await page.locator('.scheme-container button.authorize').click()
    await page.getByLabel('auth-bearer-value').fill(fresh)
    await page.locator('.auth-container button.authorize').click()
    await page.locator('.auth-container button.btn-done').click()
    await page.getByText('A token goes along with what you send.').waitFor()
    expect((await send('postPosts', { content: 'Back again' })).status).toBe(201)
  })

  test('and the page has asked nobody else for anything, nor run into its policy', () => {
    expect(seen.strangers).toEqual([])
    // The one that it was sent to find out about: Chromium tells of each reply of 400 and more.
    const refused = 'Failed to load resource: the server responded with a status of 401 (Unauthorized)'
    expect(seen.complaints).toEqual([refused])
  })
})
