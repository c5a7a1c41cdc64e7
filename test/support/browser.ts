import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'

/** Debian's Chromium without a window, with a profile of its own that is gone with it, and speaking to nobody by itself. */
export const launchBrowser = (): Promise<Browser> => {
  if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: apt-get install chromium`)
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/**
 * All that a page complains of and asks others for, from now on.
 * @param origin whose requests are its own
 */
export const watchPage = (page: Page, origin: string) => {
  const complaints: string[] = []
  const strangers: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    const { protocol, origin: asked } = new URL(request.url())
    if (protocol !== 'data:' && asked !== origin) strangers.push(request.url())
  })
  return { complaints, strangers }
}
