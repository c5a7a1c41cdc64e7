import { createHash, randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import bcrypt from 'bcrypt'
import pLimit from 'p-limit'
import { unavailable } from '../lib/errors.ts'
import { letPoolThreadsYield } from './pool-threads.ts'

/** How passwords are kept and compared. */
export interface Passwords {
  hash(password: string): Promise<string>
  /**
   * A no takes as long for an account that does not exist (`hash` null) as for a wrong password, also where the hash
   * is from a time of less work.
   */
  matches(password: string, hash: string | null): Promise<boolean>
  /** How many are in work and how many wait. */
  queue(): { active: number; waiting: number }
  /** Made with less work than is asked for now. */
  isOutdated(hash: string): boolean
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
  // Its first hash has made them.
  letPoolThreadsYield()

  /** What a hash of less work saved: 2^c and 2^c + 2^(c+1) + … + 2^(cost-1) make 2^cost. */
  const spendTheRest = async (prehashed: string, hash: string) => {
    for (let rounds = bcrypt.getRounds(hash); rounds < cost; rounds++) await bcrypt.hash(prehashed, rounds)
  }

  return {
    hash: async password => bounded(() => bcrypt.hash(prehash(password), cost)),

    async matches(password, hash) {
      const against = hash ?? (await nobody)
      const prehashed = prehash(password)
      return bounded(async () => {
        const same = (await bcrypt.compare(prehashed, against)) && hash !== null
        if (!same) await spendTheRest(prehashed, against)
        return same
      })
    },

    queue: () => ({ active: limit.activeCount, waiting: limit.pendingCount }),
    isOutdated: hash => bcrypt.getRounds(hash) < cost,
  }
}
