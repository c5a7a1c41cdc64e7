import type { QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import type { Dynamo } from './dynamo.ts'

const PAGE = 200

/**
 * All rows of a query, page by page, so that a partition of any length can be cleared away in bounded memory. Rows
 * may be deleted while it goes on.
 */
export async function* rowPages<T>(
  dynamo: Dynamo,
  table: string,
  input: Omit<QueryCommandInput, 'TableName' | 'Limit'>,
): AsyncGenerator<T[]> {
  let from: Record<string, unknown> | undefined
  do {
    const query = { ...input, ConsistentRead: true, Limit: PAGE, ...(from && { ExclusiveStartKey: from }) }
    const { items, lastKey } = await dynamo.query<T>(table, query)
    if (items.length > 0) yield items
    from = lastKey
  } while (from)
}
