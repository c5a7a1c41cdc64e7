import { createHash, randomBytes } from 'node:crypto'
import { parse, stringify } from 'uuid'
import type { Seal } from '../lib/seal.ts'

/** A refresh token taken apart: which session it is for, and the hash under which that session knows it. */
interface OpenedToken {
  user_id: string
  session_id: string
  refresh_hash: string
}

/**
 * Refresh tokens: user id, session id and 32 random bytes under a signature. The signature parts a token that was
 * ours and is spent (a sign of theft) from one that somebody made up (which must not end anybody's session).
 */
export interface RefreshTokens {
  issue(userId: string, sessionId: string): { token: string; refresh_hash: string }
  open(token: string): OpenedToken | null
}

const ID_BYTES = 16
const RANDOM_BYTES = 32

const hashOf = (payload: Buffer) => createHash('sha256').update(payload).digest('base64url')

export const createRefreshTokens = (seal: Seal): RefreshTokens => ({
  issue(userId, sessionId) {
    const payload = Buffer.concat([parse(userId), parse(sessionId), randomBytes(RANDOM_BYTES)])
    return { token: seal.seal(payload), refresh_hash: hashOf(payload) }
  },

  open(token) {
    const payload = seal.open(token)
    if (payload?.length !== 2 * ID_BYTES + RANDOM_BYTES) return null
    return {
      user_id: stringify(payload, 0),
      session_id: stringify(payload, ID_BYTES),
      refresh_hash: hashOf(payload),
    }
  },
})
