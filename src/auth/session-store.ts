import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { SessionRecord } from './session.ts'

export const sessionsTable: TableSpec = {
  name: 'Sessions',
  partitionKey: 'user_id',
  sortKey: 'session_id',
  timeToLive: 'expires_at',
}

/** A session's key. */
export type SessionKey = Pick<SessionRecord, 'user_id' | 'session_id'>

/** What a refresh changes. */
type Rotation = Pick<SessionRecord, 'refresh_hash' | 'last_used_date' | 'expires_at'>

export interface SessionStore {
  /** Null also for one that has run out. */
  get(key: SessionKey): Promise<SessionRecord | null>
  /** Newest first; those that have run out are left out, so that a page may be short. */
  list(
    userId: string,
    limit: number,
    after: string | undefined,
  ): Promise<{ sessions: SessionRecord[]; last: string | null }>
  /** False when a condition of `also` is refused. */
  create(session: SessionRecord, also: readonly Write[]): Promise<boolean>
  /** False when the session does not know the token (any more), or is gone. */
  rotate(key: SessionKey, fromHash: string, to: Rotation): Promise<boolean>
  /** The writes that end sessions, for a transaction; `must` refuses it when one is gone already. */
  ending(keys: readonly SessionKey[], must?: boolean): Write[]
}

const seconds = () => Math.floor(Date.now() / 1000)

export const createSessionStore = (dynamo: Dynamo): SessionStore => {
  const TableName = dynamo.table(sessionsTable.name)

  return {
    async get({ user_id, session_id }) {
      const session = await dynamo.get<SessionRecord>(sessionsTable.name, { user_id, session_id })
      return session && session.expires_at > seconds() ? session : null
    },

    async list(userId, limit, after) {
      const query = {
        KeyConditionExpression: 'user_id = :user',
        ExpressionAttributeValues: { ':user': userId },
        ...(after !== undefined && { ExclusiveStartKey: { user_id: userId, session_id: after } }),
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<SessionRecord>(sessionsTable.name, query, limit)
      const now = seconds()
      const sessions = items.filter(session => session.expires_at > now)
      return { sessions, last: more ? (items.at(-1)?.session_id ?? null) : null }
    },

    create: (session, also) =>
      held(dynamo.transact([{ item: { Put: { TableName, Item: { ...session } } } }, ...also])),

    rotate({ user_id, session_id }, fromHash, to) {
      const expression = change({ ...to })
      const update = {
        TableName,
        Key: { user_id, session_id },
        ...expression,
        ConditionExpression: 'refresh_hash = :from AND expires_at > :now',
        // The new hash stands under its own placeholder; the old one is compared under another.
        ExpressionAttributeValues: {
          ...expression.ExpressionAttributeValues,
          ':from': fromHash,
          ':now': seconds(),
        },
      }
      return held(dynamo.transact([{ item: { Update: update } }]))
    },

    ending: (keys, must = false) =>
      keys.map(({ user_id, session_id }) => ({
        item: {
          Delete: {
            TableName,
            Key: { user_id, session_id },
            ...(must && { ConditionExpression: 'attribute_exists(session_id)' }),
          },
        },
      })),
  }
}
