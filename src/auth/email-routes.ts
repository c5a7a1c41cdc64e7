import { endpoint } from '../http/endpoint.ts'
import type { EmailService } from './email-service.ts'
import { EmailVerification, MailReply, PasswordForgotten, PasswordReset } from './session.ts'

/** The same for everybody: it tells nothing of who has an account. */
export const LOOK_INTO_MAILBOX = { message: 'Look into your mailbox: there is a link in it soon' }

export const emailRoutes = (emails: EmailService) => [
  endpoint(
    {
      method: 'post',
      path: '/auth/email/verify',
      summary: 'Confirm an address by the token of the link that was mailed; this makes the account',
      auth: 'none',
      limits: ['password'],
      body: EmailVerification,
      status: 204,
      problems: [401],
      secret: true,
    },
    ({ body, concerns }) => emails.verify(body, concerns),
  ),

  endpoint(
    {
      method: 'post',
      path: '/auth/password/forgot',
      summary: 'Have a link to a new password mailed. The same reply whether or not there is an account',
      auth: 'none',
      limits: ['password'],
      body: PasswordForgotten,
      reply: MailReply,
      status: 202,
      secret: true,
    },
    async ({ body }) => {
      await emails.forgot(body)
      return LOOK_INTO_MAILBOX
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/auth/password/reset',
      summary: 'Choose a new password by the token of the link that was mailed, and end every session',
      auth: 'none',
      limits: ['password'],
      body: PasswordReset,
      status: 204,
      problems: [401],
      secret: true,
    },
    ({ body, concerns }) => emails.reset(body, concerns),
  ),
]
