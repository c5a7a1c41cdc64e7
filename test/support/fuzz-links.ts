import { randomBytes } from 'node:crypto'
import type { TestApp } from './app.ts'
import { anonymous } from './seed.ts'

const LINK = /Mail to (\S+)[\s\S]*\/(verify-email|reset-password)#token=(\S+)/

/** The operations that take a token from a mail, and the page that its link leads to. */
const PAGES: Record<string, string> = {
  '/auth/email/verify': 'verify-email',
  '/auth/password/reset': 'reset-password',
}

/** The links that were mailed and have not been used, for requests to use them up. */
export const createLinks = async (app: TestApp, addresses: readonly string[]) => {
  const used = new Set<string>()

  const all = (template: string) =>
    app.mails().flatMap(text => {
      const [, email = '', page, token = ''] = LINK.exec(text) ?? []
      return page !== undefined && page === PAGES[template] && !used.has(token) ? [{ email, token }] : []
    })

  const post = (path: string, body: object) => anonymous(app).post(path).send(body).expect(202)
  const more: Record<string, (email: string) => unknown> = {
    '/auth/email/verify': () => {
      const name = `n${randomBytes(6).toString('hex')}`
      return post('/auth/register', { email: `${name}@example.com`, password: `${name} and more`, name })
    },
    '/auth/password/reset': email => post('/auth/password/forgot', { email }),
  }
  for (const email of addresses) for (const ask of Object.values(more)) await ask(email)

  return {
    tokenFor(template: string, pick: number): string | undefined {
      const open = all(template)
      return open[pick % open.length]?.token
    },
    /** Whose mail the token was in, once it has been used; another one is asked for. */
    async spent(template: string, token: string): Promise<string | undefined> {
      const link = all(template).find(one => one.token === token)
      if (!link) return undefined
      used.add(token)
      await more[template]?.(link.email)
      return link.email
    },
  }
}
