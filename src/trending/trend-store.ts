import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import { type HourOfPoints, startOf } from './decay.ts'

/** The points of each post in each hour, and the posts of an hour by their points. */
export const trendsTable: TableSpec = {
  name: 'Trends',
  partitionKey: 'hour',
  sortKey: 'post_id',
  numbers: ['points'],
  localIndexes: [{ name: 'PointsIndex', partitionKey: 'hour', sortKey: 'points' }],
  timeToLive: 'expires_at',
}

/** The longest timeframe is 7 days. */
const KEPT_SECONDS = 8 * 24 * 3600
/** Of an hour that is among the first 200 of none, a post hardly trends over all of them. */
const MOST_OF_HOUR = 200

export interface TrendStore {
  /** The write that adds to a post's points of an hour. */
  adding(hour: string, postId: string, points: number): Write
  /** The posts with the most points of an hour, at most 200. */
  top(hour: string): Promise<HourOfPoints>
}

export const createTrendStore = (dynamo: Dynamo): TrendStore => ({
  adding: (hour, post_id, points) => ({
    item: {
      Update: {
        TableName: dynamo.table(trendsTable.name),
        Key: { hour, post_id },
        ...change({ expires_at: startOf(hour) / 1000 + KEPT_SECONDS }, { points }),
      },
    },
  }),

  async top(hour) {
    const { items } = await dynamo.query<{ post_id: string; points: number }>(trendsTable.name, {
      IndexName: 'PointsIndex',
      KeyConditionExpression: '#hour = :hour',
      ExpressionAttributeNames: { '#hour': 'hour' },
      ExpressionAttributeValues: { ':hour': hour },
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: MOST_OF_HOUR,
    })
    return { start: startOf(hour), points: items.map(({ post_id, points }) => ({ post_id, points })) }
  },
})
