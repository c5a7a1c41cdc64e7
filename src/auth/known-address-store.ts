import { createHmac } from 'node:crypto'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { KeyRing } from '../lib/keys.ts'
import { emailKey } from './credential-store.ts'

/**
 * One row for each address from which somebody has logged in to an account within 30 days. Not in Redis, which may
 * forget: whoever is attacked while it does would be locked out.
 */
export const knownAddressesTable: TableSpec = {
  name: 'KnownAddresses',
  partitionKey: 'mark',
  timeToLive: 'expires_at',
}

const KNOWN_SECONDS = 30 * 86_400

export interface KnownAddressStore {
  /** The write that marks an address as known to an account, from now on for 30 days. */
  marking(email: string, address: string): Write
  knows(email: string, address: string): Promise<boolean>
}

const seconds = () => Math.floor(Date.now() / 1000)

export const createKnownAddressStore = (dynamo: Dynamo, keys: KeyRing): KnownAddressStore => {
  const secrets = keys.keysFor('known-address')
  // Whoever reads the table learns no address: there are too few of them for a hash without a key.
  const mark = (key: (typeof secrets)[0]['key'], email: string, address: string) =>
    createHmac('sha256', key)
      .update(`${address} ${emailKey(email)}`)
      .digest('base64url')

  return {
    marking: (email, address) => ({
      item: {
        Put: {
          TableName: dynamo.table(knownAddressesTable.name),
          Item: { mark: mark(secrets[0].key, email, address), expires_at: seconds() + KNOWN_SECONDS },
        },
      },
    }),

    async knows(email, address) {
      const marks = secrets.map(({ key }) => ({ mark: mark(key, email, address) }))
      const rows = await dynamo.getMany<{ expires_at: number }>(knownAddressesTable.name, marks)
      return rows.some(({ expires_at }) => expires_at > seconds())
    },
  }
}
