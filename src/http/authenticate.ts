import type { NextFunction, RequestHandler, Response } from 'express'
import type jwt from 'jsonwebtoken'
import { Passport } from 'passport'
import { Strategy } from 'passport-jwt'
import { Problem } from '../lib/errors.ts'
import type { AccessTokens } from './access-token.ts'
import type { Auth } from './endpoint.ts'
import { createVerifiedTokens } from './verified-tokens.ts'
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
  const verified = createVerifiedTokens()
  const passport = new Passport()
  passport.use(
    new Strategy(tokens.verification, (token: jwt.Jwt, done) => {
      const holder = tokens.holder(token)
      done(null, holder?.viewer ?? false, holder?.expires)
    }),
  )

  /** Lets a viewer in whose token is good, if their session still is. */
  const admit = (viewer: Viewer, res: Response, next: NextFunction) => {
    const enter = (live: boolean) => {
      if (!live) return next(unauthorized(true))
      res.locals.viewer = viewer
      next()
    }
    const live = isLive(viewer)
    if (typeof live === 'boolean') enter(live)
    else live.then(enter).catch(next)
  }

  const verify: RequestHandler = (req, res, next) => {
    const credentials = req.headers.authorization ?? ''
    const settle = (error: unknown, viewer?: Viewer | false | null, expires?: unknown) => {
      if (error) return next(error)
      if (!viewer || typeof expires !== 'number')
        return next(unauthorized(req.headers.authorization !== undefined))
      verified.keep(credentials, viewer, expires)
      admit(viewer, res, next)
    }
    passport.authenticate('jwt', { session: false }, settle)(req, res, next)
  }

  const required: RequestHandler = (req, res, next) => {
    const known = req.headers.authorization && verified.find(req.headers.authorization)
    if (known) admit(known, res, next)
    else verify(req, res, next)
  }
  const optional: RequestHandler = (req, res, next) =>
    req.headers.authorization === undefined ? next() : required(req, res, next)
  const none: RequestHandler = (_req, _res, next) => next()

  return auth => ({ required, optional, none })[auth]
}
