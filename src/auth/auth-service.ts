import type { z } from 'zod'
import type { Viewer } from '../http/viewer.ts'
import type { Logger } from '../infra/logger.ts'
import { Problem } from '../lib/errors.ts'
import type { SelfUser } from '../users/user.ts'
import { selfView } from '../users/user.ts'
import type { UserService } from '../users/user-service.ts'
import type { AccountLimits } from './account-limits.ts'
import { type CredentialRecord, type CredentialStore, newCredential } from './credential-store.ts'
import type { KnownAddressStore } from './known-address-store.ts'
import type { LoginLimits } from './login-limits.ts'
import type { Passwords } from './password.ts'
import type { Login, PasswordChange, Registration, Tokens } from './session.ts'
import type { SessionService } from './session-service.ts'

/** Who logs in, as far as that can be told without a password. */
interface Caller {
  userAgent: string | undefined
  address: string
  /** Hears whose account it is that they try to come into, whether or not they do. */
  concerns: (userId: string) => void
}

export interface AuthService {
  /** 409 `email_taken`, 429 */
  register(registration: z.infer<typeof Registration>): Promise<z.infer<typeof SelfUser>>
  /** 401 `invalid_credentials` and 429, the same for an unknown address, a wrong password and a suspended account */
  login(login: z.infer<typeof Login>, caller: Caller): Promise<Tokens & { user: z.infer<typeof SelfUser> }>
  /** Ends every other session. 401 `invalid_credentials` when the current password is wrong */
  changePassword(viewer: Viewer, change: z.infer<typeof PasswordChange>): Promise<void>
}

const invalidCredentials = () => new Problem(401, 'invalid_credentials', 'Invalid credentials')

interface Parts {
  users: UserService
  credentials: CredentialStore
  passwords: Passwords
  sessions: SessionService
  knownAddresses: KnownAddressStore
  loginLimits: LoginLimits
  accountLimits: AccountLimits
  logger: Logger
}

export const createAuthService = ({
  users,
  credentials,
  passwords,
  sessions,
  knownAddresses,
  loginLimits,
  accountLimits,
  logger,
}: Parts): AuthService => {
  const verified = async (email: string, password: string, concerns?: Caller['concerns']) => {
    const credential = await credentials.get(email)
    if (credential) concerns?.(credential.user_id)
    const matches = await passwords.matches(password, credential?.password_hash ?? null)
    if (!credential || !matches || credential.is_active === false) throw invalidCredentials()
    return credential
  }

  /** The one moment in which the password is at hand. The log-in goes through, whether or not this works. */
  const strengthen = async (credential: CredentialRecord, password: string) => {
    try {
      await credentials.rehash(credential, await passwords.hash(password))
    } catch (error) {
      logger.warn({ err: error, user_id: credential.user_id }, 'a password was not hashed anew')
    }
  }

  return {
    async register({ email, password, name }) {
      await accountLimits.registration(email)
      const password_hash = await passwords.hash(password)
      const { user, write } = users.create(email, name)
      if (!(await credentials.create(newCredential(user, password_hash), write)))
        throw new Problem(409, 'email_taken', 'User already exists')
      return selfView(user)
    },

    async login({ email, password }, { userAgent, address, concerns }) {
      const credential = await loginLimits.attempt(email, address, () => verified(email, password, concerns))
      const tokens = await sessions.open(credential, userAgent, [
        credentials.unchanged(credential),
        knownAddresses.marking(email, address),
      ])
      if (!tokens) throw invalidCredentials()
      if (passwords.isOutdated(credential.password_hash)) await strengthen(credential, password)
      return { ...tokens, user: await users.self(credential) }
    },

    async changePassword(viewer, { current_password, new_password }) {
      const { email } = await users.self(viewer)
      const credential = await verified(email, current_password)
      const hash = await passwords.hash(new_password)
      const account = { user_id: viewer.user_id, password_version: credential.password_version + 1 }
      const ending = sessions.endingOthers(account, viewer.session_id)
      const changed = await credentials.changePassword(credential, hash, ending)
      if (!changed) throw invalidCredentials()
      // Done here as well, so that the answer comes when it is true.
      await sessions.endOthers(account, viewer.session_id)
    },
  }
}
