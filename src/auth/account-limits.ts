import type { LimitCounter, LimitCounters } from '../infra/limits/limit-counters.ts'
import { rateLimited } from '../lib/rate-limit.ts'
import { emailKey } from './credential-store.ts'

/** What may be done only so often for one account, whoever does it. Each throws 429 `rate_limited`. */
export interface AccountLimits {
  /** Of an e-mail address, taken or not. */
  registration(email: string): Promise<void>
  /** Of an e-mail address to which a link is to go, whether or not there is an account: nobody's mailbox is filled. */
  mail(email: string): Promise<void>
  /** Of a user whose refresh token is genuine: nobody else can use it up. */
  refresh(userId: string): Promise<void>
}

const bounded = (counter: LimitCounter) => async (key: string) => {
  const taken = await counter.take(key)
  if (!taken.allowed) throw rateLimited(taken)
}

export const createAccountLimits = (counters: LimitCounters): AccountLimits => {
  const registration = bounded(counters.of({ name: 'register_email', points: 10, seconds: 3600 }))
  const refresh = bounded(counters.of({ name: 'refresh_user', points: 120, seconds: 900 }))
  const mail = bounded(counters.of({ name: 'mail_email', points: 5, seconds: 3600 }))
  return {
    registration: email => registration(emailKey(email)),
    mail: email => mail(emailKey(email)),
    refresh,
  }
}
