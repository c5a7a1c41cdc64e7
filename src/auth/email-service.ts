import { z } from 'zod'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { Mail } from '../infra/mail/mail.ts'
import { jobKind } from '../infra/outbox/job.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { Problem } from '../lib/errors.ts'
import type { UserService } from '../users/user-service.ts'
import type { AccountLimits } from './account-limits.ts'
import { type CredentialStore, newCredential } from './credential-store.ts'
import type { EmailTokenStore } from './email-token-store.ts'
import { accountExistsMail, resetMail, verifyMail } from './mails.ts'
import type { Passwords } from './password.ts'
import type { EmailVerification, PasswordForgotten, PasswordReset, Registration } from './session.ts'
import type { SessionService } from './session-service.ts'

type Concerns = (userId: string) => void

/**
 * What goes by way of somebody's mailbox. To ask for a mail does the same whatever accounts there are: it records a
 * job. Whether there is an account is looked at by the job, when nobody waits for an answer any more, and only the
 * mailbox gets to know. Tokens are made by the job too: no record of what is to be done holds one.
 */
export interface EmailService {
  /** Has a link sent that makes the account, or word that there is one already. */
  register(registration: z.infer<typeof Registration>): Promise<void>
  /** Makes the account, which `concerns` hears of. 401 `invalid_email_token` */
  verify(verification: z.infer<typeof EmailVerification>, concerns: Concerns): Promise<void>
  /** Has a link to a new password sent, if there is such an account. */
  forgot(forgotten: z.infer<typeof PasswordForgotten>): Promise<void>
  /** Ends all sessions of an account, which `concerns` hears of. 401 `invalid_email_token` */
  reset(reset: z.infer<typeof PasswordReset>, concerns: Concerns): Promise<void>
}

const sendVerification = jobKind(
  'mail.verification',
  z.object({ email: z.string(), name: z.string(), password_hash: z.string() }),
)
const sendReset = jobKind('mail.reset', z.object({ email: z.string() }))

const invalidEmailToken = () =>
  new Problem(
    401,
    'invalid_email_token',
    'Invalid link',
    'This link is not valid (any more): ask for another.',
  )

interface Parts {
  dynamo: Dynamo
  users: UserService
  credentials: CredentialStore
  tokens: EmailTokenStore
  passwords: Passwords
  sessions: SessionService
  limits: AccountLimits
  outbox: Outbox
  mail: Mail
  /** What links begin with, without a slash at the end. */
  linkBase: () => string
}

export const createEmailService = (parts: Parts): EmailService => {
  const { dynamo, users, credentials, tokens, passwords, sessions, limits, outbox, mail, linkBase } = parts

  outbox.on(sendVerification, async registration => {
    const credential = await credentials.get(registration.email)
    if (credential) {
      // The address as the account has it, never another spelling that somebody typed.
      const { email } = await users.self(credential)
      return mail.send({ to: email, ...accountExistsMail() })
    }
    const token = await tokens.issue({ purpose: 'verify', ...registration })
    await mail.send({ to: registration.email, ...verifyMail(linkBase(), token) })
  })

  outbox.on(sendReset, async typed => {
    const credential = await credentials.get(typed.email)
    if (!credential || credential.is_active === false) return
    const { email } = await users.self(credential)
    const { email_key, user_id, password_version } = credential
    const token = await tokens.issue({ purpose: 'reset', email_key, user_id, password_version })
    await mail.send({ to: email, ...resetMail(linkBase(), token) })
  })

  return {
    async register({ email, name, password }) {
      await limits.registration(email)
      await limits.mail(email)
      const password_hash = await passwords.hash(password)
      await dynamo.transact([outbox.entry(sendVerification, { email, name, password_hash })])
    },

    async verify({ token }, concerns) {
      const found = await tokens.find('verify', token)
      if (!found) throw invalidEmailToken()
      const { user, write } = users.create(found.email, found.name)
      const credential = newCredential(user, found.password_hash)
      // Refused also where somebody else has confirmed the same address meanwhile.
      if (!(await credentials.create(credential, write, tokens.using(found)))) throw invalidEmailToken()
      concerns(user.user_id)
    },

    async forgot({ email }) {
      await limits.mail(email)
      await dynamo.transact([outbox.entry(sendReset, { email })])
    },

    async reset({ token, password }, concerns) {
      const found = await tokens.find('reset', token)
      if (!found) throw invalidEmailToken()
      concerns(found.user_id)
      const hash = await passwords.hash(password)
      const account = { user_id: found.user_id, password_version: found.password_version + 1 }
      const ending = sessions.endingOthers(account, null)
      if (!(await credentials.changePassword(found, hash, tokens.using(found), ending)))
        throw invalidEmailToken()
      // Done here as well, so that the answer comes when it is true.
      await sessions.endOthers(account, null)
    },
  }
}
