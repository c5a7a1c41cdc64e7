import type { RequestHandler } from 'express'
import type jwt from 'jsonwebtoken'
import { Passport } from 'passport'
import { Strategy } from 'passport-jwt'
import { Problem } from '../lib/errors.ts'
import type { AccessTokens } from './access-token.ts'
import type { Auth } from './endpoint.ts'
import type { Viewer } from './viewer.ts'

/** 401 as RFC 6750 asks for it. */
const unauthorized = (sentToken: boolean) =>
  new Problem(
    401,
    'unauthorized',
    'Unauthorized',
    sentToken
      ? 'The access token is not valid (any more).'
      : 'Send an access token: Authorization: Bearer <token>.',
    { headers: { 'WWW-Authenticate': sentToken ? 'Bearer error="invalid_token"' : 'Bearer' } },
  )

/**
 * The middleware that finds out who is asking and leaves it in `res.locals.viewer`.
 * @param isLive false once the viewer's session has ended; asked on every request
 */
export const createAuthentication = (
  tokens: AccessTokens,
  isLive: (viewer: Viewer) => boolean | Promise<boolean>,
): ((auth: Auth) => RequestHandler) => {
  const passport = new Passport()
  passport.use(
    new Strategy(tokens.verification, async (token: jwt.Jwt, done) => {
      try {
        const viewer = tokens.viewer(token)
        done(null, viewer && (await isLive(viewer)) ? viewer : false)
      } catch (error) {
        done(error)
      }
    }),
  )

  const required: RequestHandler = (req, res, next) => {
    const settle = (error: unknown, viewer?: Viewer | false | null) => {
      if (error) return next(error)
      if (!viewer) return next(unauthorized(req.headers.authorization !== undefined))
      res.locals.viewer = viewer
      next()
    }
    passport.authenticate('jwt', { session: false }, settle)(req, res, next)
  }
  const optional: RequestHandler = (req, res, next) =>
    req.headers.authorization === undefined ? next() : required(req, res, next)
  const none: RequestHandler = (_req, _res, next) => next()

  return auth => ({ required, optional, none })[auth]
}
