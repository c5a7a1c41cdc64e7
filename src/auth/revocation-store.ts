import { ACCESS_TOKEN_SECONDS } from '../http/access-token.ts'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'

/**
 * The sessions that ended within the life of an access token, in order of time, in one partition that every
 * instance reads the end of several times a second.
 */
export const revocationsTable: TableSpec = {
  name: 'Revocations',
  partitionKey: 'list_name',
  sortKey: 'revoked',
  timeToLive: 'expires_at',
}

const LIST = 'sessions'

interface Revocation {
  session_id: string
  /** Unix ms. */
  revoked_at: number
}

interface Row extends Revocation {
  /** Time and session id: sorts by time, and no two are the same. */
  revoked: string
}

export interface RevocationStore {
  /** The write that tells every instance that a session has ended. */
  telling(revocation: Revocation): Write
  /** All that were written since a time, in Unix ms. */
  since(time: number): Promise<Revocation[]>
}

const sortable = (time: number) => String(time).padStart(15, '0')

export const createRevocationStore = (dynamo: Dynamo): RevocationStore => ({
  telling: revocation => ({
    item: {
      Put: {
        TableName: dynamo.table(revocationsTable.name),
        Item: {
          ...revocation,
          list_name: LIST,
          revoked: `${sortable(revocation.revoked_at)}#${revocation.session_id}`,
          expires_at: Math.ceil(revocation.revoked_at / 1000) + 2 * ACCESS_TOKEN_SECONDS,
        },
      },
    },
  }),

  async since(time) {
    const revocations: Revocation[] = []
    let from: Record<string, unknown> | undefined
    do {
      const page = await dynamo.query<Row>(revocationsTable.name, {
        KeyConditionExpression: 'list_name = :list AND revoked >= :since',
        ExpressionAttributeValues: { ':list': LIST, ':since': sortable(time) },
        ConsistentRead: true,
        ...(from && { ExclusiveStartKey: from }),
      })
      revocations.push(...page.items)
      from = page.lastKey
    } while (from)
    return revocations
  },
})
