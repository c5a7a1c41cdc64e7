import { hash } from 'node:crypto'
import type { Viewer } from './viewer.ts'

/** Tokens that are remembered; past it the one that was verified first goes. */
const MOST = 10_000

interface Verified {
  viewer: Viewer
  /** Unix time in seconds at which the token ends. */
  expires: number
}

/**
 * Tokens that have been verified here and are good until they expire: the same bytes need not be verified again. They
 * are known by their digest, so that no token stays in memory. Whether their session still lives is asked all the same.
 */
export const createVerifiedTokens = (now: () => number = Date.now) => {
  const byDigest = new Map<string, Verified>()
  const digest = (credentials: string) => hash('sha256', credentials, 'base64')

  return {
    /** @param credentials the whole `Authorization` header */
    find(credentials: string): Viewer | undefined {
      const key = digest(credentials)
      const found = byDigest.get(key)
      if (!found) return undefined
      if (now() < found.expires * 1000) return found.viewer
      byDigest.delete(key)
      return undefined
    },

    keep(credentials: string, viewer: Viewer, expires: number) {
      byDigest.set(digest(credentials), { viewer, expires })
      if (byDigest.size <= MOST) return
      for (const oldest of byDigest.keys()) {
        byDigest.delete(oldest)
        return
      }
    },
  }
}
