import type { Message } from '../infra/mail/mail.ts'

/** Nothing in these is written by who asked for them but the address: nobody can have us send their own words. */
type Written = Omit<Message, 'to'>

/** The token stands behind the #: browsers do not send that part, so that it is in no log and no Referer. */
const link = (base: string, page: string, token: string) => `${base}/${page}#token=${token}`

export const verifyMail = (base: string, token: string): Written => ({
  subject: 'Confirm your e-mail address',
  text: `Somebody has signed up with this address. If it was you, confirm it within 30 minutes:

${link(base, 'verify-email', token)}

Your account is made by that, with the password that was chosen at sign-up. If it was not you, do nothing: there is
no account, and there will be none.
`,
})

export const accountExistsMail = (): Written => ({
  subject: 'You have an account already',
  text: `Somebody has tried to sign up with this address. There is an account for it already, and nothing about it has
changed. If it was you, log in, or ask for a new password if you do not know it any more. If it was not you, do nothing.
`,
})

export const resetMail = (base: string, token: string): Written => ({
  subject: 'Choose a new password',
  text: `Somebody has asked for a new password for your account. If it was you, choose one within 30 minutes:

${link(base, 'reset-password', token)}

You will be logged out everywhere. If it was not you, do nothing: your password stays as it is.
`,
})
