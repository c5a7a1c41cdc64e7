import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'

/** One row for each e-mail address: that it can be there only once is what keeps addresses unique. */
export const credentialsTable: TableSpec = { name: 'Credentials', partitionKey: 'email_key' }

interface CredentialRecord {
  email_key: string
  user_id: string
  password_hash: string
  /** Counts the changes of the password. */
  password_version: number
}

/** Bytes that DynamoDB takes for a partition key. */
const LONGEST_KEY = 2048

/** Addresses that differ in case, surrounding space or Unicode form are one. */
export const emailKey = (email: string): string => email.trim().normalize('NFKC').toLowerCase()

export interface CredentialStore {
  get(email: string): Promise<CredentialRecord | null>
  /** False when the address is taken. `user` makes the user in the same transaction. */
  create(credential: CredentialRecord, user: Write): Promise<boolean>
  /** Together with `also`. False when the password has been changed since `from` was read. */
  changePassword(from: CredentialRecord, passwordHash: string, also: Write): Promise<boolean>
  /** Refuses the transaction when the password has been changed since `credential` was read. */
  unchanged(credential: CredentialRecord): Write
}

export const createCredentialStore = (dynamo: Dynamo): CredentialStore => {
  const TableName = dynamo.table(credentialsTable.name)

  return {
    async get(email) {
      const email_key = emailKey(email)
      // What cannot be a key is nobody's address.
      if (email_key === '' || Buffer.byteLength(email_key) > LONGEST_KEY) return null
      return (await dynamo.get<CredentialRecord>(credentialsTable.name, { email_key })) ?? null
    },

    create: (credential, user) => {
      const ConditionExpression = 'attribute_not_exists(email_key)'
      return held(
        dynamo.transact([
          { item: { Put: { TableName, Item: { ...credential }, ConditionExpression } } },
          user,
        ]),
        0,
      )
    },

    changePassword: (from, passwordHash, also) =>
      held(
        dynamo.transact([
          {
            item: {
              Update: {
                TableName,
                Key: { email_key: from.email_key },
                UpdateExpression: 'SET password_hash = :new ADD password_version :one',
                ConditionExpression: 'password_hash = :old',
                ExpressionAttributeValues: { ':new': passwordHash, ':old': from.password_hash, ':one': 1 },
              },
            },
          },
          also,
        ]),
        0,
      ),

    unchanged: credential => ({
      item: {
        ConditionCheck: {
          TableName,
          Key: { email_key: credential.email_key },
          ConditionExpression: 'password_hash = :hash',
          ExpressionAttributeValues: { ':hash': credential.password_hash },
        },
      },
    }),
  }
}
