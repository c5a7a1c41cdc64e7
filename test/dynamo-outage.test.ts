import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { change } from '../src/infra/dynamo/expressions.ts'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { freePort } from '../src/infra/embedded/dynamodb.ts'
import { createLogger } from '../src/infra/logger.ts'
import { Problem } from '../src/lib/errors.ts'
import { openDatabase } from './support/database.ts'
import { cancelled, failure, startDynamoProxy } from './support/dynamo-proxy.ts'

const undo: (() => unknown)[] = []

const settle = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    error => error,
  )

describe('a database that does not do what it is asked to', () => {
  const database = openDatabase()
  const TableName = database.table('Notes')
  const Key = { note_id: 'a' }

  beforeAll(() =>
    ensureTables(database, [{ name: 'Notes', partitionKey: 'note_id' }], createLogger('silent')),
  )
  afterEach(async () => {
    for (const step of undo.splice(0)) await step()
  })
  afterAll(() => database.close())

  const through = async (answer: Parameters<typeof startDynamoProxy>[0]) => {
    const proxy = await startDynamoProxy(answer)
    const dynamo = openDatabase(proxy.endpoint, database.tablePrefix)
    undo.push(() => dynamo.close(), proxy.close)
    return dynamo
  }

  /** One call of every kind. */
  const everything = (dynamo: typeof database) => ({
    get: dynamo.get('Notes', Key),
    getMany: dynamo.getMany('Notes', [Key]),
    query: dynamo.query('Notes', {
      KeyConditionExpression: 'note_id = :id',
      ExpressionAttributeValues: { ':id': 'a' },
    }),
    transact: dynamo.transact([{ item: { Put: { TableName, Item: Key } } }]),
    update: dynamo.update('Notes', { Key, ...change({ text: 'x' }) }),
    remove: dynamo.remove('Notes', { Key }),
    ping: dynamo.ping(),
  })

  test('is unavailable when nobody listens at its address, and that is known soon', async () => {
    const dynamo = openDatabase(`http://127.0.0.1:${await freePort()}`)
    undo.push(() => dynamo.close())
    const begun = performance.now()
    const settled = Object.entries(everything(dynamo)).map(([call, work]) => ({ call, failed: settle(work) }))
    for (const { call, failed } of settled) {
      const error = await failed
      expect(error).toBeInstanceOf(Problem)
      expect({ call, error }).toMatchObject({
        call,
        error: { status: 503, code: 'unavailable', options: { retryAfter: 1 } },
      })
    }
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  test.each(['InternalServerError', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'])(
    'is unavailable when it answers %s',
    async name => {
      const dynamo = await through(() => ({ ...failure(name), status: name.endsWith('Error') ? 500 : 400 }))
      expect(await settle(dynamo.get('Notes', Key))).toMatchObject({ status: 503, code: 'unavailable' })
    },
  )

  test('is asked again when it fails for a moment', async () => {
    let failures = 2
    const dynamo = await through(() =>
      failures-- > 0 ? { ...failure('InternalServerError'), status: 500 } : undefined,
    )
    await dynamo.transact([{ item: { Put: { TableName, Item: { note_id: 'b' } } } }])
    expect(await dynamo.get('Notes', { note_id: 'b' })).toEqual({ note_id: 'b' })
  })

  test('does not hide a mistake of ours behind an outage', async () => {
    const wrong = { KeyConditionExpression: 'nonsense = :id', ExpressionAttributeValues: { ':id': 'a' } }
    expect(await settle(database.query('Notes', wrong))).toMatchObject({ name: 'ValidationException' })
    expect(await settle(database.get('Nowhere', Key))).toMatchObject({ name: 'ResourceNotFoundException' })
    const unkeyed = { item: { Put: { TableName, Item: { text: 'without its key' } } } }
    const refused = await settle(database.transact([unkeyed]))
    expect(refused).toBeInstanceOf(Error)
    expect(refused).not.toBeInstanceOf(Problem)
  })

  test('does not hide a mistake of ours that cancels a transaction either', async () => {
    const dynamo = await through(({ operation }) =>
      operation === 'TransactWriteItems' ? cancelled('None', 'ValidationError') : undefined,
    )
    const write = { item: { Put: { TableName, Item: Key } } }
    expect(await settle(dynamo.transact([write, write]))).toMatchObject({
      name: 'TransactionCanceledException',
    })
  })
})
