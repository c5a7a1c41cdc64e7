import { z } from 'zod'
import { clientAddress } from '../http/client-address.ts'
import { endpoint, OtherReply } from '../http/endpoint.ts'
import { id, nextCursor, Paging } from '../lib/fields.ts'
import type { AuthService } from './auth-service.ts'
import { LOOK_INTO_MAILBOX } from './email-routes.ts'
import type { EmailService } from './email-service.ts'
import {
  Login,
  LoginReply,
  MailReply,
  PasswordChange,
  Refresh,
  RefreshReply,
  Registration,
  RegistrationReply,
  Session,
} from './session.ts'
import type { SessionService } from './session-service.ts'

const SessionParams = z.strictObject({ session_id: id() })
const SessionList = z.strictObject({ sessions: z.array(Session), next_cursor: nextCursor() })

/** @param verification where signing up only has a link sent (`REGISTRATION_MODE=verify`) */
export const authRoutes = (
  auth: AuthService,
  sessions: SessionService,
  verification: Pick<EmailService, 'register'> | null,
) => [
  endpoint(
    {
      method: 'post',
      path: '/auth/register',
      summary: 'Sign up. 202 where the address has to be confirmed first, whether or not it is taken',
      auth: 'none',
      body: Registration,
      reply: RegistrationReply,
      status: 201,
      otherReplies: { 202: MailReply },
      problems: [409],
      limits: ['register'],
      secret: true,
    },
    async ({ body, concerns }) => {
      if (!verification) {
        const user = await auth.register(body)
        concerns(user.user_id)
        return { message: 'User registered successfully', user }
      }
      await verification.register(body)
      return new OtherReply(202, LOOK_INTO_MAILBOX)
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/auth/login',
      summary: 'Log in',
      auth: 'none',
      body: Login,
      reply: LoginReply,
      status: 200,
      problems: [401],
      // By account and address together: see `login-limits.ts`.
      limits: [],
      secret: true,
    },
    ({ req, body, concerns }) => {
      const caller = { userAgent: req.get('user-agent'), address: clientAddress(req) }
      return auth.login(body, { ...caller, concerns })
    },
  ),

  endpoint(
    {
      method: 'post',
      path: '/auth/refresh',
      summary: 'New tokens for a refresh token, which is spent by that',
      auth: 'none',
      body: Refresh,
      reply: RefreshReply,
      status: 200,
      problems: [401],
      limits: ['refresh'],
      secret: true,
    },
    ({ body, concerns }) => sessions.refresh(body.refresh_token, concerns),
  ),

  endpoint(
    { method: 'post', path: '/auth/logout', summary: 'End this session', auth: 'required', status: 204 },
    ({ viewer }) => sessions.end(viewer),
  ),

  endpoint(
    {
      method: 'get',
      path: '/auth/sessions',
      summary: "The viewer's sessions, newest first",
      auth: 'required',
      query: Paging,
      reply: SessionList,
      status: 200,
    },
    ({ viewer, query }) => sessions.list(viewer, query),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/auth/sessions/:session_id',
      summary: 'End one of the sessions',
      auth: 'required',
      params: SessionParams,
      status: 204,
    },
    ({ viewer, params }) => sessions.endOne(viewer, params.session_id),
  ),

  endpoint(
    {
      method: 'post',
      path: '/auth/password',
      summary: 'Change the password and end every other session',
      auth: 'required',
      body: PasswordChange,
      status: 204,
      problems: [404],
      limits: ['password', 'password_change'],
    },
    ({ viewer, body }) => auth.changePassword(viewer, body),
  ),
]
