import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { UserRecord } from '../users/user.ts'

/** One row for each e-mail address: that it can be there only once is what keeps addresses unique. */
export const credentialsTable: TableSpec = { name: 'Credentials', partitionKey: 'email_key' }

export interface CredentialRecord {
  email_key: string
  user_id: string
  password_hash: string
  /** Counts what ends every session of before: changes of the password, and suspensions. */
  password_version: number
  /** False while the account is suspended. */
  is_active?: boolean
}

/** Which account, and as of when: once the version has gone up, what was read or promised before is void. */
export type CredentialVersion = Pick<CredentialRecord, 'email_key' | 'user_id' | 'password_version'>

/** Bytes that DynamoDB takes for a partition key. */
const LONGEST_KEY = 2048

/** Addresses that differ in case, surrounding space or Unicode form are one. */
export const emailKey = (email: string): string => email.trim().normalize('NFKC').toLowerCase()

/** The first one of a new user. */
export const newCredential = (
  { user_id, email }: Pick<UserRecord, 'user_id' | 'email'>,
  password_hash: string,
): CredentialRecord => ({
  email_key: emailKey(email),
  user_id,
  password_hash,
  password_version: 1,
  is_active: true,
})

export interface CredentialStore {
  get(email: string): Promise<CredentialRecord | null>
  /** Together with `also`, which makes the user. False when the address is taken, or one of `also` is refused. */
  create(credential: CredentialRecord, ...also: Write[]): Promise<boolean>
  /** Together with `also`. False when the account is not as `from` any more, is suspended, or `also` is refused. */
  changePassword(from: CredentialVersion, passwordHash: string, ...also: Write[]): Promise<boolean>
  /** Refuses the transaction when the account is not as `from` any more, or is suspended. */
  unchanged(from: CredentialVersion): Write
  /** Another hash of the same password. Does nothing when the password has been changed since. */
  rehash(from: CredentialRecord, passwordHash: string): Promise<void>
  /** Together with `also`. False when the account is not as `from` any more. */
  suspend(from: CredentialVersion, also: Write): Promise<boolean>
  /** False when the account is not as `from` any more. */
  lift(from: CredentialVersion): Promise<boolean>
}

const SAME = 'user_id = :user AND password_version = :version'
/** Rows without the attribute are those of accounts that were never suspended. */
const ACTIVE = '(attribute_not_exists(is_active) OR is_active = :active)'

export const createCredentialStore = (dynamo: Dynamo): CredentialStore => {
  const TableName = dynamo.table(credentialsTable.name)
  const same = ({ user_id, password_version }: CredentialVersion) => ({
    ':user': user_id,
    ':version': password_version,
  })

  const update = (
    { email_key }: CredentialVersion,
    UpdateExpression: string,
    ConditionExpression: string,
    ExpressionAttributeValues: Record<string, unknown>,
  ): Write => {
    const Key = { email_key }
    return {
      item: { Update: { TableName, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues } },
    }
  }

  return {
    async get(email) {
      const email_key = emailKey(email)
      // What cannot be a key is nobody's address.
      if (email_key === '' || Buffer.byteLength(email_key) > LONGEST_KEY) return null
      return (await dynamo.get<CredentialRecord>(credentialsTable.name, { email_key })) ?? null
    },

    create: (credential, ...also) => {
      const ConditionExpression = 'attribute_not_exists(email_key)'
      return held(
        dynamo.transact([
          { item: { Put: { TableName, Item: { ...credential }, ConditionExpression } } },
          ...also,
        ]),
      )
    },

    changePassword: (from, passwordHash, ...also) =>
      held(
        dynamo.transact([
          update(from, 'SET password_hash = :new ADD password_version :one', `${SAME} AND ${ACTIVE}`, {
            ...same(from),
            ':active': true,
            ':new': passwordHash,
            ':one': 1,
          }),
          ...also,
        ]),
      ),

    unchanged: from => ({
      item: {
        ConditionCheck: {
          TableName,
          Key: { email_key: from.email_key },
          ConditionExpression: `${SAME} AND ${ACTIVE}`,
          ExpressionAttributeValues: { ...same(from), ':active': true },
        },
      },
    }),

    rehash: async ({ email_key, password_hash }, passwordHash) => {
      const rehashing = dynamo.update(credentialsTable.name, {
        Key: { email_key },
        UpdateExpression: 'SET password_hash = :new',
        ConditionExpression: 'password_hash = :old',
        ExpressionAttributeValues: { ':new': passwordHash, ':old': password_hash },
      })
      await held(rehashing)
    },

    suspend: (from, also) =>
      held(
        dynamo.transact([
          update(from, 'SET is_active = :no ADD password_version :one', SAME, {
            ...same(from),
            ':no': false,
            ':one': 1,
          }),
          also,
        ]),
      ),

    lift: from =>
      held(dynamo.transact([update(from, 'SET is_active = :yes', SAME, { ...same(from), ':yes': true })])),
  }
}
