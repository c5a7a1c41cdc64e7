import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import {
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
import { timeLeft, waitedAlong } from '../../lib/deadline.ts'
import { createAttempts, EACH_ATTEMPT } from '../aws-attempts.ts'
import { createAwsHandler } from '../aws-handler.ts'
import type { Breaker } from '../breaker.ts'
import type { Logger } from '../logger.ts'
import { createBatchReads, type Key } from './batch-reads.ts'
import { createBatchWrites } from './batch-writes.ts'
import { answered, backOff, isConflict, translate } from './dynamo-errors.ts'
import { ConditionFailed, type Write } from './write.ts'

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
  /**
   * Any number of keys; what does not exist is left out. What is asked for in the same turn of the event loop, by
   * whomever and of whichever table, is one request for each 100 keys.
   */
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
   * Throws ConditionFailed when a condition does not hold, or what the write itself says that this means; conflicts
   * with other transactions are retried.
   * With a `token` of one's own the same call can be made again within 10 minutes and is done once.
   */
  transact(writes: readonly Write[], token?: string): Promise<void>
  /**
   * Puts and deletions without conditions, each for itself, in batches of 25: half the price of a transaction. When
   * it throws some may have been done, so it is for what can be done again.
   */
  writeMany(table: string, puts: readonly Item[], deletions: readonly Key[]): Promise<void>
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
  readonly breaker: Pick<Breaker, 'status'>
  close(): void
}

/** With the pauses of `backOff` some four seconds: a hot item is worth waiting for, a client's patience has an end. */
const CONFLICT_RETRIES = 24

/** What the writes themselves say of their refusal. */
const refusalOf = (writes: readonly Write[], error: unknown): unknown => {
  if (!(error instanceof ConditionFailed)) return error
  const telling = error.failed.map(at => writes[at]?.refused).find(refused => refused !== undefined)
  return telling?.() ?? error
}

export interface DynamoOptions {
  region: string
  /** Put before every table's name. */
  tablePrefix: string
  /** The region's own endpoint when left out. */
  endpoint?: string | undefined
  credentials?: DynamoDBClientConfig['credentials']
  logger: Logger
}

export const createDynamo = (options: DynamoOptions): Dynamo => {
  const client = new DynamoDBClient({
    region: options.region,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
    maxAttempts: 3,
    requestHandler: createAwsHandler({ connectWithin: 1000, answerWithin: 2000, wholeReplies: true }),
  })
  const { attempt, breaker } = createAttempts('database', options.logger)
  client.middlewareStack.add(next => args => attempt(args.request, () => next(args)), EACH_ATTEMPT)
  const documents = DynamoDBDocumentClient.from(client, {
    // A client may name a field of a free-form record "constructor", which the marshaller takes for a class.
    marshallOptions: { removeUndefinedValues: true, convertClassInstanceToMap: true },
  })
  const table = (name: string) => options.tablePrefix + name

  const read = createBatchReads(documents)

  const writeAll = createBatchWrites(documents)

  const commit = async (writes: readonly Write[], token: string | undefined) => {
    const command = new TransactWriteCommand({
      TransactItems: writes.map(write => write.item),
      ...(token !== undefined && { ClientRequestToken: token }),
    })
    for (let attempt = 0; ; attempt++) {
      try {
        await documents.send(command)
        return
      } catch (error) {
        if (attempt >= CONFLICT_RETRIES || timeLeft() <= 0 || !isConflict(error)) throw translate(error)
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
    breaker,
    table,

    get: async <T>(name: string, key: Key) =>
      (
        await answered(
          documents.send(new GetCommand({ TableName: table(name), Key: key, ConsistentRead: true })),
        )
      ).Item as T | undefined,

    getMany: async <T>(name: string, keys: readonly Key[]) =>
      (await answered(waitedAlong(() => read(table(name), keys)))) as T[],

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

    async transact(writes, token) {
      let committed = false
      try {
        await Promise.all(writes.map(write => write.before?.()))
        await commit(writes, token)
        committed = true
      } catch (error) {
        throw refusalOf(writes, error)
      } finally {
        await Promise.all(writes.map(write => write.settled?.(committed)))
      }
    },

    writeMany: async (name, puts, deletions) => {
      await answered(writeAll(table(name), puts, deletions))
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
