import { z } from 'zod'
import { hasLength, id, text, timestamp } from '../lib/fields.ts'
import { Email, Name, SelfUser } from '../users/user.ts'
import { isCommonPassword, outlastsContext } from './common-passwords.ts'

/** 8 to 256 characters of any kind, taken exactly as they are, but for what everybody would try first. */
const Password = z
  .string()
  .refine(value => value.isWellFormed(), 'must be valid Unicode')
  .refine(value => hasLength(value, 8, 256), 'must have 8 to 256 characters')
  .refine(value => !isCommonPassword(value), 'must not be one of the commonest passwords')
  // Too short is one fault, not two.
  .refine(
    value => !hasLength(value, 8, 256) || outlastsContext(value),
    'must have 8 characters besides the name of this service',
  )
  .meta({
    minLength: 8,
    maxLength: 256,
    format: 'password',
    description:
      'None of the 3,000 commonest, in upper or lower case; 8 characters besides the name of this service.',
    examples: ['correct horse battery staple'],
  })

/** What is typed at a log-in is only compared: its form is not judged, so that nothing is told about it. */
const TypedPassword = text(0, 1024).meta({ format: 'password', examples: ['correct horse battery staple'] })

const TypedEmail = text(0, 1024).meta({ examples: ['ann@example.com'] })

const RefreshToken = text(1, 512).meta({ examples: ['8sKq0mEJ0Yb3w1q9…'] })

export const Registration = z
  .strictObject({ email: Email, password: Password, name: Name })
  .meta({ id: 'Registration' })
export const Login = z.strictObject({ email: TypedEmail, password: TypedPassword }).meta({ id: 'Login' })
export const Refresh = z.strictObject({ refresh_token: RefreshToken }).meta({ id: 'Refresh' })
export const PasswordChange = z
  .strictObject({ current_password: TypedPassword, new_password: Password })
  .meta({ id: 'PasswordChange' })

/** 32 bytes in base64url; whatever else is sent is no valid one. */
const EmailToken = text(1, 128).meta({ examples: ['Yk3v0S6r1X9wQe5tLhJ2uPzNcB8mGfA7dKqVxWoIyTs'] })

export const EmailVerification = z.strictObject({ token: EmailToken }).meta({ id: 'EmailVerification' })
export const PasswordForgotten = z.strictObject({ email: Email }).meta({ id: 'PasswordForgotten' })
export const PasswordReset = z
  .strictObject({ token: EmailToken, password: Password })
  .meta({ id: 'PasswordReset' })

const tokens = {
  token: z.string().meta({ examples: ['eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9…'] }),
  expires_in: z
    .int()
    .positive()
    .meta({ description: 'Seconds.', examples: [900] }),
  refresh_token: z.string().meta({ examples: ['Zr2h7bq5mK1xVd0c…'] }),
}

export const RegistrationReply = z.strictObject({
  message: z.string().meta({ examples: ['User registered successfully'] }),
  user: SelfUser,
})
/** What there is to say where nothing may be told of accounts. */
export const MailReply = z.strictObject({
  message: z.string().meta({ examples: ['Look into your mailbox: there is a link in it soon'] }),
})
export const LoginReply = z.strictObject({ ...tokens, user: SelfUser })
export const RefreshReply = z.strictObject(tokens)
export type Tokens = z.infer<typeof RefreshReply>

/** A log-in as its owner sees it. */
export const Session = z
  .strictObject({
    session_id: id(),
    created_date: timestamp(),
    last_used_date: timestamp(),
    user_agent: z
      .string()
      .nullable()
      .meta({ examples: ['Mozilla/5.0'] }),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.', examples: [true] }),
  })
  .meta({ id: 'Session' })

/** A log-in as the table holds it. The refresh token itself is nowhere: only its SHA-256. */
export interface SessionRecord {
  user_id: string
  session_id: string
  refresh_hash: string
  created_date: string
  last_used_date: string
  user_agent: string | null
  /** Which of the account's passwords opened it. */
  password_version: number
  /** Unix seconds, for the table's time to live; rows can outlive it, so it is looked at on every read. */
  expires_at: number
}
