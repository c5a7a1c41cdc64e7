import type { Backends } from '../../src/infra/backends.ts'
import type { Dynamo } from '../../src/infra/dynamo/dynamo.ts'

export interface DatabaseCall {
  method: 'get' | 'getMany' | 'query' | 'page' | 'transact' | 'update' | 'remove' | 'ping'
  /** Names without their prefix. */
  tables: string[]
}

/** Read again and again, whether or not anybody asks for something. */
export const BACKGROUND = ['Outbox', 'Revocations', 'Trends']

/** The calls that requests have made. */
export const forRequests = (calls: readonly DatabaseCall[]): DatabaseCall[] =>
  calls.filter(({ tables }) => !tables.every(table => BACKGROUND.includes(table)))

/**
 * The real database with somebody standing at its door.
 * @param before sees each call before it is made, and may hold it back or refuse it
 */
export const watchDatabase =
  (before: (call: DatabaseCall) => Promise<void> | void) =>
  (backends: Backends): Backends => {
    const { dynamo } = backends
    const bare = (name: string | undefined) => String(name).slice(dynamo.table('').length)
    const seen = async (method: DatabaseCall['method'], ...tables: string[]) => before({ method, tables })

    const watched: Dynamo = {
      ...dynamo,
      get: (table, key) => seen('get', table).then(() => dynamo.get(table, key)),
      getMany: (table, keys) => seen('getMany', table).then(() => dynamo.getMany(table, keys)),
      query: (table, input) => seen('query', table).then(() => dynamo.query(table, input)),
      page: (table, input, limit) => seen('page', table).then(() => dynamo.page(table, input, limit)),
      update: (table, input) => seen('update', table).then(() => dynamo.update(table, input)),
      remove: (table, input) => seen('remove', table).then(() => dynamo.remove(table, input)),
      ping: () => seen('ping').then(dynamo.ping),
      async transact(writes, token) {
        const tables = writes.map(({ item }) => bare(Object.values(item)[0]?.TableName))
        try {
          await seen('transact', ...tables)
        } catch (error) {
          await Promise.all(writes.map(write => write.settled?.(false)))
          throw error
        }
        await dynamo.transact(writes, token)
      },
    }
    return { ...backends, dynamo: watched }
  }
