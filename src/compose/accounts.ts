import { createAccountLimits } from '../auth/account-limits.ts'
import { createAccountService } from '../auth/account-service.ts'
import { createAuthService } from '../auth/auth-service.ts'
import { createCredentialStore } from '../auth/credential-store.ts'
import { createEmailService } from '../auth/email-service.ts'
import { createEmailTokenStore } from '../auth/email-token-store.ts'
import { createKnownAddressStore } from '../auth/known-address-store.ts'
import { createLoginLimits } from '../auth/login-limits.ts'
import { createPasswords } from '../auth/password.ts'
import { createRefreshTokens } from '../auth/refresh-token.ts'
import { createRevocationStore } from '../auth/revocation-store.ts'
import { createRevocations } from '../auth/revocations.ts'
import { createSessionService } from '../auth/session-service.ts'
import { createSessionStore } from '../auth/session-store.ts'
import { createAccessTokens } from '../http/access-token.ts'
import { createSeal } from '../lib/seal.ts'
import { cachedUsers } from '../users/user-cache.ts'
import { createUserService } from '../users/user-service.ts'
import { createUserStore } from '../users/user-store.ts'
import type { Foundation } from './foundation.ts'

/** Users, their sessions, and how they come in. */
export const composeAccounts = (foundation: Foundation, closing: AsyncDisposableStack) => {
  const { config, logger, backends, cache, outbox, limitCounters, cursors } = foundation
  const { dynamo, keys, mail, linkBase } = backends

  const users = createUserService(cachedUsers(createUserStore(dynamo), cache))
  const accessTokens = createAccessTokens(keys)
  const accountLimits = createAccountLimits(limitCounters)
  const revocationStore = createRevocationStore(dynamo)
  const revocations = closing.adopt(createRevocations(revocationStore, logger), r => r.stop())
  const sessions = createSessionService({
    dynamo,
    store: createSessionStore(dynamo),
    revocationStore,
    revocations,
    accessTokens,
    refreshTokens: createRefreshTokens(createSeal(keys, 'refresh-token')),
    limits: accountLimits,
    cursors,
    outbox,
  })
  const credentials = createCredentialStore(dynamo)
  const passwords = createPasswords(config.bcryptCost)
  const knownAddresses = createKnownAddressStore(dynamo, keys)
  const auth = createAuthService({
    users,
    credentials,
    passwords,
    sessions,
    knownAddresses,
    loginLimits: createLoginLimits({ counters: limitCounters, known: knownAddresses }),
    accountLimits,
    logger,
  })
  const accounts = createAccountService({ users, credentials, sessions })
  const tokens = createEmailTokenStore(dynamo)
  const mailing = {
    dynamo,
    users,
    credentials,
    tokens,
    passwords,
    sessions,
    limits: accountLimits,
    outbox,
    linkBase,
  }
  /** Null where nobody can be written to. */
  const emails = mail && createEmailService({ ...mailing, mail })

  return { users, accessTokens, revocations, sessions, passwords, auth, accounts, emails }
}
