import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { pauseBefore } from './dynamo-errors.ts'

export type Key = Record<string, string>
type Item = Record<string, unknown>

/** DynamoDB's limit for one BatchGetItem, over all of its tables. */
const MOST_KEYS = 100

interface Want {
  table: string
  key: Key
  found: PromiseWithResolvers<Item | undefined>
}

type Requested = Record<string, { Keys: Item[]; ConsistentRead: true }>

const nameOf = (table: string, names: readonly string[], item: Item) =>
  JSON.stringify([table, ...names.map(name => item[name])])

/**
 * Consistent reads by key, of any number of tables, gathered for one turn of the event loop and sent together: what a
 * page needs of posts, of their authors and of the viewer's own state is asked for by three stores, and is one request.
 * Nothing is read before whoever asks has asked, so gathering makes no read older.
 */
export const createBatchReads = (documents: DynamoDBDocumentClient) => {
  let wanted = new Map<string, Want>()

  /** Sends the keys, and what DynamoDB left over again. */
  const fetch = async (wants: readonly Want[]) => {
    const found: (readonly [string, Item])[] = []
    let request: Requested = {}
    for (const { table, key } of wants) {
      request[table] ??= { Keys: [], ConsistentRead: true }
      request[table].Keys.push(key)
    }
    for (let attempt = 0; Object.keys(request).length > 0; attempt++) {
      if (attempt > 0) await pauseBefore(attempt)
      const reply = await documents.send(new BatchGetCommand({ RequestItems: request }))
      for (const [table, items] of Object.entries(reply.Responses ?? {}))
        found.push(...items.map(item => [table, item] as const))
      request = (reply.UnprocessedKeys ?? {}) as Requested
    }
    return found
  }

  const send = async (wants: readonly Want[]) => {
    try {
      const keyNames = new Map(wants.map(({ table, key }) => [table, Object.keys(key)]))
      const items = new Map(
        (await fetch(wants)).map(([table, item]) => [nameOf(table, keyNames.get(table) ?? [], item), item]),
      )
      for (const { table, key, found } of wants)
        found.resolve(items.get(nameOf(table, keyNames.get(table) ?? [], key)))
    } catch (error) {
      for (const { found } of wants) found.reject(error)
    }
  }

  const flush = () => {
    const wants = [...wanted.values()]
    wanted = new Map()
    for (let at = 0; at < wants.length; at += MOST_KEYS) void send(wants.slice(at, at + MOST_KEYS))
  }

  /** Asked for twice in one turn is asked for once; DynamoDB would refuse the repeat. */
  const one = (table: string, key: Key) => {
    if (wanted.size === 0) setImmediate(flush)
    const name = nameOf(table, Object.keys(key), key)
    const want = wanted.get(name) ?? { table, key, found: Promise.withResolvers<Item | undefined>() }
    wanted.set(name, want)
    return want.found.promise
  }

  return async (table: string, keys: readonly Key[]): Promise<Item[]> =>
    (await Promise.all(keys.map(key => one(table, key)))).filter(item => item !== undefined)
}
