import jwt from 'jsonwebtoken'
import type { StrategyOptionsWithoutRequest } from 'passport-jwt'
import type { KeyRing } from '../lib/keys.ts'
import type { Viewer } from './viewer.ts'

const ALGORITHM = 'HS256'
const ISSUER = 'plaza'
const AUDIENCE = 'plaza-api'
/** RFC 9068: keeps any other JWT made with the same key from passing for an access token. */
const TYPE = 'at+jwt'

/** Seconds for which an access token is good; a client then uses its refresh token. */
export const ACCESS_TOKEN_SECONDS = 900

/** RFC 6750, 2.1: the scheme in any case (RFC 9110, 11.1), then one token and nothing else. */
const CREDENTIALS = /^Bearer +([\w.~+/-]+=*)$/i

/** The name of the key, as a token that nobody has verified yet states it. Decoding may throw on a made-up one. */
const statedKid = (token: string) => {
  try {
    return jwt.decode(token, { complete: true })?.header.kid
  } catch {
    return undefined
  }
}

/** Makes access tokens and says how they are verified (RFC 7519, with the advice of RFC 8725). */
export interface AccessTokens {
  sign(viewer: Viewer): string
  /** For passport-jwt: key by `kid`, and the algorithm, issuer and audience pinned. */
  verification: StrategyOptionsWithoutRequest
  /**
   * Who a verified token (header and payload) speaks for, and until when (Unix time in seconds); null when it is no
   * access token.
   */
  holder(token: jwt.Jwt): { viewer: Viewer; expires: number } | null
}

export const createAccessTokens = (ring: KeyRing): AccessTokens => {
  const keys = ring.keysFor('access-token')
  const [current] = keys

  return {
    sign: viewer =>
      jwt.sign({ sid: viewer.session_id }, current.key, {
        algorithm: ALGORITHM,
        header: { alg: ALGORITHM, typ: TYPE, kid: current.kid },
        issuer: ISSUER,
        audience: AUDIENCE,
        subject: viewer.user_id,
        expiresIn: ACCESS_TOKEN_SECONDS,
      }),

    verification: {
      jwtFromRequest: req => CREDENTIALS.exec(req.headers.authorization ?? '')?.[1] ?? null,
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      jsonWebTokenOptions: { complete: true },
      secretOrKeyProvider: (_req, token: string, done) => {
        const kid = statedKid(token)
        const named = keys.find(key => key.kid === kid)
        // The type speaks of strings and buffers; a KeyObject is what jsonwebtoken verifies fastest with.
        if (named) done(null, named.key as unknown as Buffer)
        else done(new Error('unknown key'))
      },
    },

    holder({ header, payload }) {
      if (header.typ !== TYPE || typeof payload === 'string') return null
      const { sub, sid, exp } = payload
      // A token without an end would be good for ever.
      if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') return null
      return { viewer: { user_id: sub, session_id: sid }, expires: exp }
    },
  }
}
