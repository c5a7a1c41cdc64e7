import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import pLimit from 'p-limit'
import type { Key } from './batch-reads.ts'
import { pauseBefore } from './dynamo-errors.ts'

type Item = Record<string, unknown>
type WriteRequest = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Key } }

/** DynamoDB's limit for one BatchWriteItem. */
const MOST_WRITES = 25
/** Batches under way at once for one call. */
const BATCHES = 8

/** Puts and deletions by the batch; what DynamoDB leaves over is sent again. */
export const createBatchWrites = (documents: DynamoDBDocumentClient) => {
  const send = async (table: string, requests: WriteRequest[]) => {
    let left: Record<string, WriteRequest[]> = { [table]: requests }
    for (let attempt = 0; Object.keys(left).length > 0; attempt++) {
      if (attempt > 0) await pauseBefore(attempt)
      const reply = await documents.send(new BatchWriteCommand({ RequestItems: left }))
      left = (reply.UnprocessedItems ?? {}) as Record<string, WriteRequest[]>
    }
  }

  return async (table: string, puts: readonly Item[], deletions: readonly Key[]): Promise<void> => {
    const requests: WriteRequest[] = [
      ...puts.map(Item => ({ PutRequest: { Item } })),
      ...deletions.map(Key => ({ DeleteRequest: { Key } })),
    ]
    const limit = pLimit(BATCHES)
    await Promise.all(
      Array.from({ length: Math.ceil(requests.length / MOST_WRITES) }, (_, at) =>
        limit(() => send(table, requests.slice(at * MOST_WRITES, (at + 1) * MOST_WRITES))),
      ),
    )
  }
}
