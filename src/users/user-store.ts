import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { ProfileChanges, UserRecord } from './user.ts'

export const usersTable: TableSpec = { name: 'Users', partitionKey: 'user_id' }

type Counts = 'followers_count' | 'following_count' | 'posts_count' | 'public_posts_count'

/** What must still be true of a user whose counts move. */
interface Expected {
  /** They follow fewer than so many. */
  below?: number
  /** Whether they have turned, or begun to. */
  fanout?: UserRecord['fanout']
}

export interface UserStore {
  get(userId: string): Promise<UserRecord | null>
  /** Those that exist, by id. */
  getMany(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>
  /** False when there is no such user. */
  update(userId: string, changes: ProfileChanges): Promise<boolean>
  /** The write that makes a user. */
  creation(user: UserRecord): Write
  /**
   * The write that moves counts, for the transaction of the rows that they count. Refused for a user that is not there
   * or for whom `expected` does not hold.
   */
  counting(userId: string, by: Partial<Record<Counts, number>>, expected?: Expected): Write
  /** The write by which an author begins to turn to `fanout: 'read'`. Refused where they have begun already. */
  turning(userId: string): Write
  /** The end of that. Can be done again. */
  turned(userId: string): Promise<void>
  /** Refused as a write once the author has begun to turn. */
  notTurning(userId: string): Write
  /** Makes sure that no cache holds what was true earlier. Throws when that did not work. */
  invalidate(userId: string): Promise<void>
}

export const createUserStore = (dynamo: Dynamo): UserStore => {
  const key = (userId: string) => ({ TableName: dynamo.table(usersTable.name), Key: { user_id: userId } })

  const updating = (userId: string, expression: ReturnType<typeof change>, condition = ''): Write => ({
    item: {
      Update: {
        ...key(userId),
        ConditionExpression: `attribute_exists(user_id)${condition}`,
        ...expression,
      },
    },
  })

  const counting = (userId: string, by: Partial<Record<Counts, number>>, expected: Expected = {}) => {
    const { below } = expected
    const expression = change({}, by)
    const turned = 'fanout' in expected ? ` AND attribute_${expected.fanout ? '' : 'not_'}exists(fanout)` : ''
    if (below === undefined) return updating(userId, expression, turned)
    const values = { ...expression.ExpressionAttributeValues, ':below': below }
    const bounded = { ...expression, ExpressionAttributeValues: values }
    return updating(userId, bounded, `${turned} AND following_count < :below`)
  }

  return {
    get: async userId => (await dynamo.get<UserRecord>(usersTable.name, { user_id: userId })) ?? null,

    async getMany(userIds) {
      const keys = userIds.map(user_id => ({ user_id }))
      const users = await dynamo.getMany<UserRecord>(usersTable.name, keys)
      return new Map(users.map(user => [user.user_id, user]))
    },

    update: (userId, changes) => held(dynamo.transact([updating(userId, change(changes))])),

    creation: user => ({
      item: {
        Put: {
          TableName: dynamo.table(usersTable.name),
          Item: { ...user },
          ConditionExpression: 'attribute_not_exists(user_id)',
        },
      },
    }),

    counting,
    turning: userId => updating(userId, change({ fanout: 'turning' }), ' AND attribute_not_exists(fanout)'),
    turned: userId => dynamo.transact([updating(userId, change({ fanout: 'read' }))]),
    notTurning: userId => ({
      item: { ConditionCheck: { ...key(userId), ConditionExpression: 'attribute_not_exists(fanout)' } },
    }),
    invalidate: async () => {},
  }
}
