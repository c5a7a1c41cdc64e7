import type { LimitCounter, LimitCounters } from '../infra/limits/limit-counters.ts'
import { Problem } from '../lib/errors.ts'
import { rateLimited, type Taken } from '../lib/rate-limit.ts'
import { emailKey } from './credential-store.ts'
import type { KnownAddressStore } from './known-address-store.ts'

/** Bounds how often passwords can be guessed: docs/adr/0014-limits.md says how many guesses get through. */
export interface LoginLimits {
  /**
   * Compares a password if that may be done. What ends with 401 has been a guess; after a success the pair of account
   * and address begins anew. 429 `rate_limited`
   */
  attempt<T>(email: string, address: string, compare: () => Promise<T>): Promise<T>
}

const MINUTE = 60
const HOUR = 3600

const isGuess = (error: unknown) => error instanceof Problem && error.status === 401

const tooMany = (taken: Taken) => rateLimited(taken, 'Too many log-ins have failed; come again later.')

interface Parts {
  counters: LimitCounters
  known: KnownAddressStore
}

export const createLoginLimits = ({ counters, known }: Parts): LoginLimits => {
  // Taken before the comparison and given back after it, so that a thousand guesses at once are no more than as many.
  const guesses = (of: string, points: number, seconds: number) =>
    counters.of({ name: `guesses_${of}`, points, seconds, returnable: true })
  const ofAddress = guesses('address', 300, HOUR)
  const ofAccount = guesses('account', 100, HOUR)
  const ofPair = guesses('pair', 10, 30 * MINUTE)
  /** Comparisons are dear also where the password is right. */
  const logins = counters.of({ name: 'logins', points: 60, seconds: 15 * MINUTE })

  /** Takes a guess of each; `giveBack` is for those of them that were had. @throws Problem 429 */
  const claim = async (email: string, address: string) => {
    const account = emailKey(email)
    const pair = `${address} ${account}`
    const taken: (() => Promise<void>)[] = []
    const giveBack = () => Promise.all(taken.map(undo => undo()))
    const take = async (counter: LimitCounter, key: string) => {
      const answer = await counter.take(key)
      if (answer.allowed) taken.push(() => counter.giveBack(key))
      return answer
    }
    const refuse = async (answer: Taken) => {
      await giveBack()
      throw tooMany(answer)
    }
    // What strangers can use up does not stop whoever has logged in from here before.
    const refuseStranger = async (answer: Taken) => {
      if (!answer.allowed && !(await known.knows(email, address))) await refuse(answer)
    }

    // First, so that whoever goes through a million accounts does not leave a key for each.
    await refuseStranger(await take(ofAddress, address))
    const [byPair, byAccount, all] = await Promise.all([
      take(ofPair, pair),
      take(ofAccount, account),
      logins.take(pair),
    ])
    if (!byPair.allowed) await refuse(byPair)
    if (!all.allowed) await refuse(all)
    await refuseStranger(byAccount)
    return { giveBack, forgive: () => ofPair.clear(pair) }
  }

  return {
    async attempt(email, address, compare) {
      const { giveBack, forgive } = await claim(email, address)
      try {
        const result = await compare()
        await giveBack()
        await forgive()
        return result
      } catch (error) {
        if (!isGuess(error)) await giveBack()
        throw error
      }
    },
  }
}
