import { createHash, randomBytes } from 'node:crypto'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { CredentialRecord, CredentialVersion } from './credential-store.ts'

/** What a link in a mail stands for. The token in the link is nowhere: only its SHA-256. */
export const emailTokensTable: TableSpec = {
  name: 'EmailTokens',
  partitionKey: 'token_hash',
  timeToLive: 'expires_at',
}

/** An account that is made when its address is confirmed. */
interface Verification extends Pick<CredentialRecord, 'password_hash'> {
  purpose: 'verify'
  email: string
  name: string
}

/** A new password for an account, as long as nothing has changed its version. */
interface Reset extends CredentialVersion {
  purpose: 'reset'
}

interface Held {
  token_hash: string
  /** Unix seconds, for the table's time to live; rows can outlive it, so it is looked at whenever one is used. */
  expires_at: number
}

type Promised<Purpose> = Extract<Verification | Reset, { purpose: Purpose }>
type Found<Purpose> = Promised<Purpose> & Held

export interface EmailTokenStore {
  /** Makes a token for what is promised, good once and for 30 minutes. */
  issue(promised: Verification | Reset): Promise<string>
  /** Null for a token that was never given out for this, is used up or has run out. */
  find<Purpose extends 'verify' | 'reset'>(purpose: Purpose, token: string): Promise<Found<Purpose> | null>
  /** The write that uses a token up. Refused the second time, and when it has run out. */
  using(found: Held): Write
}

const TOKEN_BYTES = 32
const GOOD_FOR_SECONDS = 30 * 60

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')
const seconds = () => Math.floor(Date.now() / 1000)

export const createEmailTokenStore = (dynamo: Dynamo): EmailTokenStore => {
  const TableName = dynamo.table(emailTokensTable.name)

  return {
    async issue(promised) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url')
      const held: Held = { token_hash: hashOf(token), expires_at: seconds() + GOOD_FOR_SECONDS }
      await dynamo.transact([{ item: { Put: { TableName, Item: { ...promised, ...held } } } }])
      return token
    },

    async find<Purpose extends 'verify' | 'reset'>(purpose: Purpose, token: string) {
      const key = { token_hash: hashOf(token) }
      const found = await dynamo.get<Found<Purpose>>(emailTokensTable.name, key)
      return found?.purpose === purpose && found.expires_at > seconds() ? found : null
    },

    using: ({ token_hash }) => ({
      item: {
        Delete: {
          TableName,
          Key: { token_hash },
          ConditionExpression: 'expires_at > :now',
          ExpressionAttributeValues: { ':now': seconds() },
        },
      },
    }),
  }
}
