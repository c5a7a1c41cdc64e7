import { createHash, randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'
import pLimit from 'p-limit'
import { unavailable } from '../lib/errors.ts'

/** How passwords are kept and compared. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** Takes as long for an account that does not exist (`hash` null) as for a wrong password. */
  matches(password: string, hash: string | null): Promise<boolean>
  /** How many are in work and how many wait. */
  queue(): { active: number; waiting: number }
}

/**
 * bcrypt reads 72 bytes and stops at a NUL. SHA-384 in base64 is 64 characters without one, so that every byte
 * of a password counts ("prehashing", OWASP Password Storage Cheat Sheet).
 */
const prehash = (password: string) => createHash('sha384').update(password).digest('base64')

/** More than this many waiting would wait for longer than clients do. */
const LONGEST_QUEUE = 200

/**
 * At most as many hashes are worked on at once as there are cores: more would only slow everything else down.
 * Past LONGEST_QUEUE waiting ones: 503 with Retry-After.
 * @param cost bcrypt's; the work doubles with each step
 */
export const createPasswords = (cost: number): Passwords => {
  const limit = pLimit(availableParallelism())
  const bounded = <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= LONGEST_QUEUE) {
      throw unavailable('Too many log-ins at this moment.', 2)
    }
    return limit(work)
  }
  const nobody = bcrypt.hash(prehash(randomBytes(32).toString('base64')), cost)

  return {
    hash: async password => bounded(() => bcrypt.hash(prehash(password), cost)),

    async matches(password, hash) {
      const against = hash ?? (await nobody)
      const same = await bounded(() => bcrypt.compare(prehash(password), against))
      return same && hash !== null
    },

    queue: () => ({ active: limit.activeCount, waiting: limit.pendingCount }),
  }
}
