import { createHash } from 'node:crypto'
import type { RequestHandler } from 'express'
import { SHUT } from '../http/security-headers.ts'

/**
 * What the links in mails lead to, for whoever has no site of their own with these pages. A mail scanner that follows
 * a link changes nothing: that takes a person who presses the button. The token comes behind the #, which only the
 * script gets to see; it is sent where any client would send it.
 */
interface Page {
  title: string
  /** Where the token goes, relative to the page, so that PUBLIC_URL may have a path. */
  sendTo: string
  field: string
  button: string
  done: string
}

const PAGES: Record<string, Page> = {
  '/verify-email': {
    title: 'Confirm your e-mail address',
    sendTo: 'auth/email/verify',
    field: '',
    button: 'Confirm',
    done: 'Your address is confirmed. You can log in now.',
  },
  '/reset-password': {
    title: 'Choose a new password',
    sendTo: 'auth/password/reset',
    field:
      '<p><label>New password <input name="password" type="password" autocomplete="new-password" minlength="8" required></label></p>',
    button: 'Save',
    done: 'Your password is changed. You can log in with it now.',
  },
}

const SCRIPT = `
const form = document.querySelector('form')
const said = document.querySelector('output')
form.addEventListener('submit', async event => {
  event.preventDefault()
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  const body = JSON.stringify({ ...Object.fromEntries(new FormData(form)), token })
  try {
    const reply = await fetch(form.dataset.to, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    if (reply.ok) form.hidden = true
    const problem = reply.ok ? null : await reply.json()
    said.textContent = problem ? problem.errors?.map(error => error.message).join(', ') ?? problem.detail : form.dataset.done
  } catch {
    said.textContent = 'There was no answer. Try again.'
  }
})
`

const html = ({ title, sendTo, field, button, done }: Page) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<h1>${title}</h1>
<form data-to="${sendTo}" data-done="${done}">${field}<button>${button}</button></form>
<p><output></output></p>
<script>${SCRIPT}</script>
</html>
`

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`,
  "connect-src 'self'",
  ...SHUT,
].join('; ')

/**
 * Serves the pages at the root; everything else falls through. They are pages and no part of the API's document. No
 * router of its own: whatever falls through one waits for another turn of the event loop.
 */
export const linkPages: RequestHandler = (req, res, next) => {
  const page = Object.hasOwn(PAGES, req.path) && PAGES[req.path]
  if (!page || (req.method !== 'GET' && req.method !== 'HEAD')) return next()
  res.locals.route = req.path
  res.set({ 'Content-Security-Policy': CONTENT_SECURITY_POLICY, 'Cache-Control': 'no-cache' })
  res.type('html').send(html(page))
}
