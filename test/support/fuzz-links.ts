import { randomBytes } from 'node:crypto'
import type { Seeding } from './fuzz-seeding.ts'
import type { Instance, Mailed } from './fuzz-steps.ts'

/** The operations that take a token from a mail, and the page that its link leads to. */
const PAGES: Record<string, string> = {
  '/auth/email/verify': 'verify-email',
  '/auth/password/reset': 'reset-password',
}

/** So many of the youngest can be used. */
const MOST = 200

/** The links that were mailed and have not been used, for requests to use them up. */
export const createLinks = async (seeding: Seeding, instance: Instance, addresses: readonly string[]) => {
  const open: Record<string, Mailed[]> = { 'verify-email': [], 'reset-password': [] }
  let read = 0

  const all = (template: string): Mailed[] => {
    const mails = instance.mails()
    for (const mail of mails.slice(read)) open[mail.page] = [...(open[mail.page] ?? []), mail].slice(-MOST)
    read = mails.length
    return open[PAGES[template] ?? ''] ?? []
  }

  const more: Record<string, (email: string) => unknown> = {
    '/auth/email/verify': () => {
      const name = `n${randomBytes(6).toString('hex')}`
      const email = `${name}.later@example.com`
      return seeding.post(null, '/auth/register', { email, password: `${name} and more`, name })
    },
    '/auth/password/reset': email => seeding.post(null, '/auth/password/forgot', { email }),
  }
  for (const email of addresses) for (const ask of Object.values(more)) await ask(email)

  return {
    tokenFor(template: string, pick: number): string | undefined {
      const mails = all(template)
      return mails[pick % mails.length]?.token
    },
    /** Whose mail the token was in, once it has been used; another one is asked for. */
    async spent(template: string, token: string): Promise<string | undefined> {
      const mails = all(template)
      const link = mails.find(one => one.token === token)
      if (!link) return undefined
      mails.splice(mails.indexOf(link), 1)
      await more[template]?.(link.email)
      return link.email
    },
  }
}

export type Links = Awaited<ReturnType<typeof createLinks>>
