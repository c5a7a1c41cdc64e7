import jwt from 'jsonwebtoken'
import { createKeyRing } from '../../src/lib/keys.ts'
import type { TestApp } from './app.ts'
import { as, login, type SeededUser } from './seed.ts'

/** Somebody's token with something else in it, signed by the service's own key unless another one is given. */
const signedAnew = (app: TestApp, token: string, claims: object, secret?: string) => {
  const known = jwt.decode(token, { complete: true })
  if (!known || typeof known.payload === 'string') throw new Error('this is no token')
  const [{ key }] = createKeyRing(String(app.env.JWT_SECRET)).keysFor('access-token')
  const options = { header: known.header, algorithm: 'HS256' } as const
  return jwt.sign({ ...known.payload, ...claims }, secret ?? key, options)
}

/** Tokens of somebody's own that must not be taken (any more), by what is wrong with them. */
export const wrongTokensOf = async (app: TestApp, user: SeededUser): Promise<Record<string, string>> => {
  const ended = await login(app, user)
  await as(app, ended).post('/auth/logout').expect(204)
  const now = Math.floor(Date.now() / 1000)
  return {
    expired: signedAnew(app, user.token, { iat: now - 901, exp: now - 1 }),
    revoked: ended.token,
    'for another audience': signedAnew(app, user.token, { aud: 'another-api' }),
    'signed by somebody else': signedAnew(
      app,
      user.token,
      {},
      'a secret of somebody else, of 32 bytes and more',
    ),
  }
}
