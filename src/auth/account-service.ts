import { notFound } from '../lib/errors.ts'
import { id } from '../lib/fields.ts'
import type { UserService } from '../users/user-service.ts'
import type { CredentialRecord, CredentialStore } from './credential-store.ts'
import type { SessionService } from './session-service.ts'

/** What an operator does to an account. */
export interface AccountService {
  /**
   * Nobody logs in to the account any more and all of its sessions end, on every instance within a second. Done again
   * it ends what is left of them.
   * @param who an e-mail address or a user id
   * @returns the user's id. 404
   */
  suspend(who: string): Promise<string>
  /** The end of that: whoever knows the password may log in again. Can be done again. 404 */
  lift(who: string): Promise<string>
}

interface Parts {
  users: UserService
  credentials: CredentialStore
  sessions: SessionService
}

const UserId = id()

/** Rounds of reading and writing, when somebody changes their password at the same moments. */
const TRIES = 5

export const createAccountService = ({ users, credentials, sessions }: Parts): AccountService => {
  const find = async (who: string): Promise<CredentialRecord> => {
    if (!who.includes('@') && !UserId.safeParse(who).success) throw notFound('account')
    const email = who.includes('@') ? who : (await users.get(who)).email
    const credential = await credentials.get(email)
    if (!credential) throw notFound('account')
    return credential
  }

  /** Writes on the account as it is now. */
  const change = async (who: string, write: (found: CredentialRecord) => Promise<boolean>) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const found = await find(who)
      if (await write(found)) return found
    }
    throw new Error('the account changes all the time')
  }

  return {
    async suspend(who) {
      const { user_id, password_version } = await change(who, from =>
        credentials.suspend(from, sessions.endingOthers(next(from), null)),
      )
      await sessions.endOthers(next({ user_id, password_version }), null)
      return user_id
    },

    lift: async who => (await change(who, credentials.lift)).user_id,
  }
}

/** Sessions of the version before are the ones to end. */
const next = ({ user_id, password_version }: Pick<CredentialRecord, 'user_id' | 'password_version'>) => ({
  user_id,
  password_version: password_version + 1,
})
