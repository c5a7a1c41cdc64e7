import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DeleteCommand,
  type DeleteCommandInput,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { unavailable } from '../../lib/errors.ts'
import { answered, backOff, isConflict, translate } from './dynamo-errors.ts'
import type { Write } from './write.ts'

type Key = Record<string, string>
type Item = Record<string, unknown>

/** A page of a query, and the key to go on after, undefined at the end. */
interface Page<T> {
  items: T[]
  lastKey: Item | undefined
}

/**
 * The one door to DynamoDB. Reads are strongly consistent wherever DynamoDB can do that. What a store reads it
 * has written itself, so `T` is the store's word for its own items.
 * A database that is away, slow or throttling is a Problem 503 `unavailable`.
 */
export interface Dynamo {
  /** The table's full name, for those writes that are put together elsewhere. */
  table(name: string): string
  get<T>(table: string, key: Key): Promise<T | undefined>
  /** Up to any number of keys, in batches of 100; the order is not kept, what does not exist is left out. */
  getMany<T>(table: string, keys: readonly Key[]): Promise<T[]>
  query<T>(table: string, input: Omit<QueryCommandInput, 'TableName'>): Promise<Page<T>>
  /** The first `limit` items of a query, and whether there are more. */
  page<T>(
    table: string,
    input: Omit<QueryCommandInput, 'TableName' | 'Limit'>,
    limit: number,
  ): Promise<{ items: T[]; more: boolean }>
  /** Every item of a table, page by page: for tools that look at everything, never for a request. */
  scan<T>(table: string): AsyncIterable<T>
  /**
   * All of the writes or none (at most 100), then each one's `settled`. A single write is sent as a
   * transaction too: the token that comes with it makes the SDK's own retries harmless.
   * Throws ConditionFailed when a condition does not hold; conflicts with other transactions are retried.
   */
  transact(writes: readonly Write[]): Promise<void>
  /**
   * One update, outside of a transaction: half the price, but a retry after a lost reply may find its own
   * condition broken. For what can be done again or left undone. Throws ConditionFailed.
   */
  update(table: string, input: Omit<UpdateCommandInput, 'TableName'>): Promise<void>
  /** One deletion, with the same caution as `update`. */
  remove(table: string, input: Omit<DeleteCommandInput, 'TableName'>): Promise<void>
  /** One cheap read that shows that the database answers. */
  ping(): Promise<void>
  readonly client: DynamoDBClient
  close(): void
}

const CONFLICT_RETRIES = 8
const BATCH_RETRIES = 8

export interface DynamoOptions {
  region: string
  /** Put before every table's name. */
  tablePrefix: string
  /** The region's own endpoint when left out. */
  endpoint?: string | undefined
  credentials?: DynamoDBClientConfig['credentials']
}

export const createDynamo = (options: DynamoOptions): Dynamo => {
  const client = new DynamoDBClient({
    region: options.region,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: 1000,
      requestTimeout: 3000,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 256 },
      httpsAgent: { keepAlive: true, maxSockets: 256 },
    }),
  })
  const documents = DynamoDBDocumentClient.from(client, {
    // A client may name a field of a free-form record "constructor", which the marshaller takes for a class.
    marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
  })
  const table = (name: string) => options.tablePrefix + name

  const getBatch = async (name: string, keys: readonly Key[]) => {
    const items: Item[] = []
    let wanted: Record<string, { Keys: Item[] | undefined; ConsistentRead?: boolean | undefined }> = {
      [name]: { Keys: [...keys], ConsistentRead: true },
    }
    for (let attempt = 0; Object.keys(wanted).length > 0; attempt++) {
      if (attempt > BATCH_RETRIES) throw unavailable('The database did not answer in time.', 1)
      if (attempt > 0) await backOff(attempt)
      const reply = await documents.send(new BatchGetCommand({ RequestItems: wanted }))
      items.push(...(reply.Responses?.[name] ?? []))
      wanted = reply.UnprocessedKeys ?? {}
    }
    return items
  }

  const commit = async (writes: readonly Write[]) => {
    const command = new TransactWriteCommand({ TransactItems: writes.map(write => write.item) })
    for (let attempt = 0; ; attempt++) {
      try {
        await documents.send(command)
        return
      } catch (error) {
        if (attempt >= CONFLICT_RETRIES || !isConflict(error)) throw translate(error)
        await backOff(attempt)
      }
    }
  }

  const query = async <T>(name: string, input: Omit<QueryCommandInput, 'TableName'>): Promise<Page<T>> => {
    const reply = await answered(documents.send(new QueryCommand({ ...input, TableName: table(name) })))
    return { items: (reply.Items ?? []) as T[], lastKey: reply.LastEvaluatedKey }
  }

  return {
    client,
    table,

    get: async <T>(name: string, key: Key) =>
      (
        await answered(
          documents.send(new GetCommand({ TableName: table(name), Key: key, ConsistentRead: true })),
        )
      ).Item as T | undefined,

    async getMany<T>(name: string, keys: readonly Key[]) {
      const batches = Array.from({ length: Math.ceil(keys.length / 100) }, (_, at) =>
        getBatch(table(name), keys.slice(at * 100, at * 100 + 100)),
      )
      return (await answered(Promise.all(batches))).flat() as T[]
    },

    query,

    async page<T>(name: string, input: Omit<QueryCommandInput, 'TableName' | 'Limit'>, limit: number) {
      // One more than is wanted tells whether there is more, also where the page ends with the list.
      const { items, lastKey } = await query<T>(name, { ...input, Limit: limit + 1 })
      return { items: items.slice(0, limit), more: items.length > limit || lastKey !== undefined }
    },

    async *scan<T>(name: string) {
      let from: Item | undefined
      do {
        const command = new ScanCommand({ TableName: table(name), ...(from && { ExclusiveStartKey: from }) })
        const page = await answered(documents.send(command))
        yield* (page.Items ?? []) as T[]
        from = page.LastEvaluatedKey
      } while (from)
    },

    async transact(writes) {
      let committed = false
      try {
        await commit(writes)
        committed = true
      } finally {
        await Promise.all(writes.map(write => write.settled?.(committed)))
      }
    },

    update: async (name, input) => {
      await answered(documents.send(new UpdateCommand({ ...input, TableName: table(name) })))
    },

    remove: async (name, input) => {
      await answered(documents.send(new DeleteCommand({ ...input, TableName: table(name) })))
    },

    ping: async () => {
      await answered(documents.send(new GetCommand({ TableName: table('Users'), Key: { user_id: 'ping' } })))
    },

    close: () => client.destroy(),
  }
}
