import {
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, describe, expect, test } from '@jest/globals'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { createLogger } from '../src/infra/logger.ts'
import { TABLES } from '../src/tables.ts'
import { openDatabase } from './support/database.ts'
import { failure, startDynamoProxy } from './support/dynamo-proxy.ts'

const quiet = createLogger('silent')
const undo: (() => unknown)[] = []

type Database = ReturnType<typeof openDatabase>

const opened = (...where: Parameters<typeof openDatabase>): Database => {
  const database = openDatabase(...where)
  undo.push(database.close)
  return database
}

/** A client of an empty database, and all that it asks for. */
const overheard = async (answer: Parameters<typeof startDynamoProxy>[0] = () => undefined) => {
  const proxy = await startDynamoProxy(answer)
  undo.push(proxy.close)
  return { database: opened(proxy.endpoint), proxy }
}

/** The names of the tables with the database's prefix. */
const tablesOf = async ({ client, tablePrefix }: Database) => {
  const names: string[] = []
  let from: string | undefined
  do {
    const page = await client.send(new ListTablesCommand({ ...(from && { ExclusiveStartTableName: from }) }))
    names.push(...(page.TableNames ?? []).filter(name => name.startsWith(tablePrefix)))
    from = page.LastEvaluatedTableName
  } while (from !== undefined)
  return names.map(name => name.slice(tablePrefix.length)).sort()
}

const describing = async (database: Database, name: string) =>
  (await database.client.send(new DescribeTableCommand({ TableName: database.table(name) }))).Table

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

describe('the tables', () => {
  test('are one set when three instances make them at once, and again', async () => {
    const first = opened()
    const all = [first, ...[1, 2].map(() => opened(undefined, first.tablePrefix))]
    await Promise.all(all.map(database => ensureTables(database, TABLES, quiet)))
    await ensureTables(first, TABLES, quiet)
    expect(await tablesOf(first)).toEqual(TABLES.map(({ name }) => name).sort())
  })

  test('have the keys and indexes that were declared', async () => {
    const database = opened()
    await ensureTables(database, TABLES, quiet)
    expect(await describing(database, 'UserPosts')).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [
        { AttributeName: 'user_id', KeyType: 'HASH' },
        { AttributeName: 'post_id', KeyType: 'RANGE' },
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: 'PublicIndex',
          KeySchema: [
            { AttributeName: 'user_id', KeyType: 'HASH' },
            { AttributeName: 'public_post_id', KeyType: 'RANGE' },
          ],
        },
      ],
    })
    expect(await describing(database, 'Outbox')).toMatchObject({
      GlobalSecondaryIndexes: [{ IndexName: 'DueIndex' }],
      AttributeDefinitions: expect.arrayContaining([{ AttributeName: 'due_at', AttributeType: 'N' }]),
    })
  })

  test('let go of sessions and revocations that have run out', async () => {
    const database = opened()
    await ensureTables(database, TABLES, quiet)
    for (const name of ['Sessions', 'Revocations']) {
      const asked = new DescribeTimeToLiveCommand({ TableName: database.table(name) })
      const { TimeToLiveDescription } = await database.client.send(asked)
      expect(TimeToLiveDescription).toMatchObject({
        AttributeName: 'expires_at',
        TimeToLiveStatus: 'ENABLED',
      })
    }
  })

  test('are asked to be billed on demand, encrypted and restorable', async () => {
    const { database, proxy } = await overheard()
    await ensureTables(database, TABLES, quiet)
    const created = proxy.inputs('CreateTable')
    expect(created.map(input => input.TableName).sort()).toEqual(
      TABLES.map(({ name }) => database.table(name)).sort(),
    )
    for (const input of created) {
      expect(input).toMatchObject({ BillingMode: 'PAY_PER_REQUEST', SSESpecification: { Enabled: true } })
    }
    const backedUp = proxy.inputs('UpdateContinuousBackups')
    expect(backedUp).toHaveLength(TABLES.length)
    for (const input of backedUp) {
      expect(input.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
    }
  })

  test('do without what the server does not know, and no more than that', async () => {
    const settings = new Set(['UpdateTimeToLive', 'UpdateContinuousBackups'])
    const unknown = await overheard(({ operation }) =>
      settings.has(operation) ? failure('UnknownOperationException') : undefined,
    )
    await ensureTables(unknown.database, TABLES, quiet)
    expect(await tablesOf(unknown.database)).toHaveLength(TABLES.length)

    const denied = await overheard(({ operation }) =>
      settings.has(operation) ? failure('AccessDeniedException') : undefined,
    )
    await expect(ensureTables(denied.database, TABLES, quiet)).rejects.toThrow('AccessDeniedException')
  })

  test('are made restorable as soon as the server is ready for it', async () => {
    let early = 2
    const { database, proxy } = await overheard(({ operation }) => {
      if (operation !== 'UpdateContinuousBackups') return undefined
      return early-- > 0 ? failure('ContinuousBackupsUnavailableException') : { status: 200, body: {} }
    })
    await ensureTables(database, TABLES.slice(0, 1), quiet)
    expect(proxy.inputs('UpdateContinuousBackups')).toHaveLength(3)
  })

  test('are waited for until they can be used', async () => {
    let waits = 0
    const { database } = await overheard(({ operation, input }) => {
      if (operation !== 'DescribeTable' || waits++ === 0 || waits > 4) return undefined
      return { status: 200, body: { Table: { TableName: input.TableName, TableStatus: 'CREATING' } } }
    })
    await ensureTables(database, TABLES.slice(0, 1), quiet)
    expect(waits).toBeGreaterThan(4)
  })

  test('that stand already are left as they are, with all that is in them', async () => {
    const database = opened()
    const TableName = database.table('Users')
    await database.client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 3 },
        AttributeDefinitions: [{ AttributeName: 'user_id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'user_id', KeyType: 'HASH' }],
      }),
    )
    await database.transact([{ item: { Put: { TableName, Item: { user_id: 'ann' } } } }])
    const before = await describing(database, 'Users')
    await ensureTables(database, TABLES, quiet)
    expect(await describing(database, 'Users')).toEqual({
      ...before,
      ItemCount: expect.anything(),
      TableSizeBytes: expect.anything(),
    })
    expect(await database.get('Users', { user_id: 'ann' })).toEqual({ user_id: 'ann' })
  })
})
