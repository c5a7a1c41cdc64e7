import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { ProfileChanges, UserRecord } from './user.ts'

export const usersTable: TableSpec = { name: 'Users', partitionKey: 'user_id' }

type Counts = 'followers_count' | 'following_count' | 'posts_count' | 'public_posts_count'

export interface UserStore {
  get(userId: string): Promise<UserRecord | null>
  /** Those that exist, by id. */
  getMany(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>
  /** False when there is no such user. */
  update(userId: string, changes: ProfileChanges): Promise<boolean>
  /** The write that makes a user. */
  creation(user: UserRecord): Write
  /** The write that moves counts, for the transaction of the rows that they count. Refused for a user that is not there. */
  counting(userId: string, by: Partial<Record<Counts, number>>): Write
  /** Makes sure that no cache holds what was true earlier. Throws when that did not work. */
  invalidate(userId: string): Promise<void>
}

export const createUserStore = (dynamo: Dynamo): UserStore => {
  const updating = (userId: string, expression: ReturnType<typeof change>): Write => ({
    item: {
      Update: {
        TableName: dynamo.table(usersTable.name),
        Key: { user_id: userId },
        ConditionExpression: 'attribute_exists(user_id)',
        ...expression,
      },
    },
  })

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

    counting: (userId, by) => updating(userId, change({}, by)),
    invalidate: async () => {},
  }
}
