import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import type { Dynamo } from '../src/infra/dynamo/dynamo.ts'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { ConditionFailed, type Write } from '../src/infra/dynamo/write.ts'
import { createLogger } from '../src/infra/logger.ts'
import { openDatabase } from './support/database.ts'
import { cancelled, startDynamoProxy } from './support/dynamo-proxy.ts'
import { testHeavy } from './support/heavy.ts'

interface Note {
  note_id: string
  text: string
  count?: number
}

const undo: (() => unknown)[] = []

/** A client whose calls go past `answer` first. */
const through = async (answer: Parameters<typeof startDynamoProxy>[0], prefix: string) => {
  const proxy = await startDynamoProxy(answer)
  const dynamo = openDatabase(proxy.endpoint, prefix)
  undo.push(() => dynamo.close(), proxy.close)
  return { dynamo, proxy }
}

/** What a promise rejects with. */
const rejection = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    error => error,
  )

describe('the door to DynamoDB', () => {
  const database = openDatabase()
  const prefix = database.tablePrefix

  const putting = (note: Note, more: object = {}): Write => ({
    item: { Put: { TableName: database.table('Notes'), Item: { ...note }, ...more } },
  })
  const unlessThere = { ConditionExpression: 'attribute_not_exists(note_id)' }
  const read = (note_id: string, from: Dynamo = database) => from.get<Note>('Notes', { note_id })

  beforeAll(() =>
    ensureTables(database, [{ name: 'Notes', partitionKey: 'note_id' }], createLogger('silent')),
  )
  afterEach(async () => {
    for (const step of undo.splice(0)) await step()
  })
  afterAll(() => database.close())

  test('writes all of a transaction or none of it, and says which conditions did not hold', async () => {
    await database.transact([putting({ note_id: 'a', text: 'first' })])
    const writes = [
      putting({ note_id: 'b', text: 'new' }, unlessThere),
      putting({ note_id: 'a', text: 'second' }, unlessThere),
      putting({ note_id: 'c', text: 'new' }, { ConditionExpression: 'attribute_exists(note_id)' }),
    ]
    const error = await rejection(database.transact(writes))
    expect(error).toBeInstanceOf(ConditionFailed)
    expect(error).toMatchObject({ failed: [1, 2] })
    expect(await read('a')).toEqual({ note_id: 'a', text: 'first' })
    expect(await read('b')).toBeUndefined()
  })

  test('tells each write of a transaction how it ended, before its caller goes on', async () => {
    const heard: string[] = []
    const telling = (write: Write, name: string): Write => ({
      ...write,
      settled: async committed => void heard.push(`${name} ${committed}`),
    })
    await database.transact([
      telling(putting({ note_id: 'd', text: '1' }), 'd'),
      putting({ note_id: 'e', text: '1' }),
    ])
    expect(heard).toEqual(['d true'])
    const refused = telling(putting({ note_id: 'd', text: '2' }, unlessThere), 'd again')
    await rejection(database.transact([refused, telling(putting({ note_id: 'f', text: '1' }), 'f')]))
    expect(heard.slice(1)).toEqual(['d again false', 'f false'])
  })

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'does a transaction again that %s stood in the way of',
    async code => {
      let conflicts = 3
      const { dynamo, proxy } = await through(
        ({ operation }) =>
          operation === 'TransactWriteItems' && conflicts-- > 0 ? cancelled('None', code) : undefined,
        prefix,
      )
      const settled: boolean[] = []
      const write = {
        ...putting({ note_id: code, text: 'there' }),
        settled: (ok: boolean) => void settled.push(ok),
      }
      await dynamo.transact([write])
      expect(await read(code)).toMatchObject({ text: 'there' })
      const tokens = proxy.inputs('TransactWriteItems').map(input => input.ClientRequestToken)
      expect(tokens).toHaveLength(4)
      expect(settled).toEqual([true])
    },
  )

  testHeavy(
    'gives up a transaction that conflicts again and again, as unavailable, and says that it is not known to be done',
    async () => {
      const { dynamo, proxy } = await through(() => cancelled('TransactionConflict'), prefix)
      const settled: boolean[] = []
      const write = {
        ...putting({ note_id: 'g', text: '' }),
        settled: (ok: boolean) => void settled.push(ok),
      }
      expect(await rejection(dynamo.transact([write]))).toMatchObject({ status: 503, code: 'unavailable' })
      expect(settled).toEqual([false])
      expect(proxy.calls.length).toBeGreaterThan(5)
    },
  )

  test('takes a failed condition for the answer, even beside a conflict', async () => {
    const { dynamo, proxy } = await through(
      () => cancelled('TransactionConflict', 'None', 'ConditionalCheckFailed'),
      prefix,
    )
    expect(await rejection(dynamo.transact([putting({ note_id: 'h', text: '' })]))).toMatchObject({
      failed: [2],
    })
    expect(proxy.calls).toHaveLength(1)
  })

  test('is not misled when the answer to a transaction that went through is lost', async () => {
    let lost = false
    const { dynamo, proxy } = await through(({ operation }) => {
      if (operation !== 'TransactWriteItems' || lost) return undefined
      lost = true
      return 'lost'
    }, prefix)
    await dynamo.transact([putting({ note_id: 'i', text: 'once' }, unlessThere)])
    expect(await read('i')).toEqual({ note_id: 'i', text: 'once' })
    const [first, second] = proxy.inputs('TransactWriteItems')
    expect(second?.ClientRequestToken).toBe(first?.ClientRequestToken)
  })

  test('reads any number of keys in batches of a hundred', async () => {
    const ids = Array.from({ length: 250 }, (_, at) => `many-${at}`)
    for (let at = 0; at < ids.length; at += 100) {
      await database.transact(ids.slice(at, at + 100).map(note_id => putting({ note_id, text: note_id })))
    }
    const { dynamo, proxy } = await through(() => undefined, prefix)
    const notes = await dynamo.getMany<Note>(
      'Notes',
      [...ids, 'nowhere'].map(note_id => ({ note_id })),
    )
    expect(notes.map(note => note.text).sort()).toEqual(ids.sort())
    expect(proxy.inputs('BatchGetItem')).toHaveLength(3)
    expect(await dynamo.getMany('Notes', [])).toEqual([])
  })

  test('gathers what is asked for in one turn, of several tables and twice over, into one request', async () => {
    const { dynamo, proxy } = await through(() => undefined, prefix)
    await dynamo.transact([putting({ note_id: 'together', text: 'once' })])
    const key = [{ note_id: 'together' }]
    const replies = await Promise.all([
      dynamo.getMany<Note>('Notes', key),
      dynamo.getMany<Note>('Notes', [...key, { note_id: 'nowhere' }]),
    ])
    expect(replies.map(notes => notes.map(note => note.text))).toEqual([['once'], ['once']])
    expect(proxy.inputs('BatchGetItem')).toHaveLength(1)
  })

  test('puts and deletes any number of items in batches, and what is left over again', async () => {
    let short = 1
    const Batch = z.object({ RequestItems: z.record(z.string(), z.array(z.unknown())) })
    const table = database.table('Notes')
    const { dynamo, proxy } = await through(({ input, operation }) => {
      if (operation !== 'BatchWriteItem' || short-- <= 0) return undefined
      return { status: 200, body: { UnprocessedItems: Batch.parse(input).RequestItems } }
    }, prefix)
    const ids = Array.from({ length: 60 }, (_, at) => `batch-${at}`)
    await dynamo.writeMany(
      'Notes',
      ids.map(note_id => ({ note_id, text: note_id })),
      [],
    )
    const keys = ids.map(note_id => ({ note_id }))
    expect(await dynamo.getMany('Notes', keys)).toHaveLength(60)
    const sizes = proxy.inputs('BatchWriteItem').map(input => Batch.parse(input).RequestItems[table]?.length)
    expect(sizes.sort()).toEqual([10, 25, 25, 25])
    await dynamo.writeMany('Notes', [], keys)
    expect(await dynamo.getMany('Notes', keys)).toEqual([])
  })

  test('asks again for the keys that were left over', async () => {
    const ids = Array.from({ length: 9 }, (_, at) => `left-${at}`)
    await database.transact(ids.map(note_id => putting({ note_id, text: note_id })))
    const table = database.table('Notes')
    const Batch = z.object({
      RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(z.record(z.string(), z.unknown())) })),
    })
    let short = 2
    const { dynamo, proxy } = await through(({ input }) => {
      if (short-- <= 0) return undefined
      const { RequestItems } = Batch.parse(input)
      const { Keys: [first, ...rest] = [], ...settings } = RequestItems[table] ?? {}
      const item = { ...first, text: first?.note_id }
      const UnprocessedKeys = { [table]: { ...settings, Keys: rest } }
      return { status: 200, body: { Responses: { [table]: [item] }, UnprocessedKeys } }
    }, prefix)
    const notes = await dynamo.getMany<Note>(
      'Notes',
      ids.map(note_id => ({ note_id })),
    )
    expect(notes.map(note => note.text).sort()).toEqual(ids)
    const asked = proxy.inputs('BatchGetItem').map(input => Batch.parse(input).RequestItems[table])
    expect(asked.map(batch => batch?.Keys.length)).toEqual([9, 8, 7])
    expect(asked.every(batch => batch?.ConsistentRead)).toBe(true)
  })
})
