import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { Edge } from './follow.ts'

/**
 * Two rows for each that follows: one in the list `following#` of the follower, one in the list `followers#` of the
 * followee. Both lists can be read consistently, by user (in the fan-out) and newest first (by the local index).
 */
export const followsTable: TableSpec = {
  name: 'Follows',
  partitionKey: 'list_id',
  sortKey: 'user_id',
  localIndexes: [{ name: 'NewestIndex', partitionKey: 'list_id', sortKey: 'follow_id' }],
}

export type FollowList = 'followers' | 'following'

/** A follower and a followee, `follower:followee`. */
export type Pair = `${string}:${string}`

export const pairOf = (edge: Pick<Edge, 'follower_id' | 'followee_id'>): Pair =>
  `${edge.follower_id}:${edge.followee_id}`

export interface FollowState {
  /** Null where the one does not follow the other. */
  follow_id: string | null
}

interface Row {
  list_id: string
  user_id: string
  follow_id: string
}

export interface FollowStore {
  /** One for each pair. */
  states(pairs: readonly Pair[]): Promise<ReadonlyMap<Pair, FollowState>>
  /** The `follow_id` of an edge as it is now, past any cache; null where there is none. */
  current(pair: Pair): Promise<string | null>
  /** The writes of a new edge; the first one is refused where there is one already. */
  adding(edge: Edge): Write[]
  /** The writes that end an edge; the first one is refused where this very edge is not there. */
  removing(edge: Edge): Write[]
  /** Refused where there is such an edge: for what may only happen while there is none. */
  absent(pair: Pair): Write
  /** Newest first, from after the edge `after`; `last` is the edge to go on after. */
  newest(
    userId: string,
    list: FollowList,
    limit: number,
    after: string | undefined,
  ): Promise<{ userIds: string[]; last: string | undefined; more: boolean }>
  /** Edges in the order of the other's id, from after the user `after`: an order in which nobody moves. */
  inOrder(
    userId: string,
    list: FollowList,
    limit: number,
    after: string | undefined,
  ): Promise<{ edges: Edge[]; more: boolean }>
}

const listId = (list: FollowList, userId: string) => `${list}#${userId}`

const keysOf = ({ follower_id, followee_id }: Pick<Edge, 'follower_id' | 'followee_id'>) => [
  { list_id: listId('following', follower_id), user_id: followee_id },
  { list_id: listId('followers', followee_id), user_id: follower_id },
]

const edgeOf = (pair: Pair) => {
  const [follower_id = '', followee_id = ''] = pair.split(':')
  return { follower_id, followee_id }
}

export const createFollowStore = (dynamo: Dynamo): FollowStore => {
  const table = dynamo.table(followsTable.name)

  const listed = (userId: string, list: FollowList) => ({
    KeyConditionExpression: 'list_id = :list',
    ExpressionAttributeValues: { ':list': listId(list, userId) },
    ConsistentRead: true,
  })

  const states = async (pairs: readonly Pair[]) => {
    const keys = pairs.flatMap(pair => keysOf(edgeOf(pair)).slice(0, 1))
    const rows = await dynamo.getMany<Row>(followsTable.name, keys)
    const found = new Map(rows.map(row => [`${row.list_id}:${row.user_id}`, row.follow_id]))
    return new Map(pairs.map(pair => [pair, { follow_id: found.get(`following#${pair}`) ?? null }]))
  }

  return {
    states,
    current: async pair => (await states([pair])).get(pair)?.follow_id ?? null,

    adding: edge =>
      keysOf(edge).map(key => ({
        item: {
          Put: {
            TableName: table,
            Item: { ...key, follow_id: edge.follow_id },
            ConditionExpression: 'attribute_not_exists(list_id)',
          },
        },
      })),

    removing: edge =>
      keysOf(edge).map(Key => ({
        item: {
          Delete: {
            TableName: table,
            Key,
            ConditionExpression: 'follow_id = :seen',
            ExpressionAttributeValues: { ':seen': edge.follow_id },
          },
        },
      })),

    absent: pair => ({
      item: {
        ConditionCheck: {
          TableName: table,
          Key: keysOf(edgeOf(pair))[0],
          ConditionExpression: 'attribute_not_exists(list_id)',
        },
      },
    }),

    async newest(userId, list, limit, after) {
      const query = {
        ...listed(userId, list),
        IndexName: 'NewestIndex',
        ScanIndexForward: false,
        ...(after !== undefined && {
          KeyConditionExpression: 'list_id = :list AND follow_id < :after',
          ExpressionAttributeValues: { ':list': listId(list, userId), ':after': after },
        }),
      }
      const { items, more } = await dynamo.page<Row>(followsTable.name, query, limit)
      return { userIds: items.map(row => row.user_id), last: items.at(-1)?.follow_id, more }
    },

    async inOrder(userId, list, limit, after) {
      const query = {
        ...listed(userId, list),
        ...(after !== undefined && { ExclusiveStartKey: { list_id: listId(list, userId), user_id: after } }),
      }
      const { items, more } = await dynamo.page<Row>(followsTable.name, query, limit)
      const edges = items.map(({ user_id, follow_id }) =>
        list === 'followers'
          ? { follower_id: user_id, followee_id: userId, follow_id }
          : { follower_id: userId, followee_id: user_id, follow_id },
      )
      return { edges, more }
    },
  }
}
