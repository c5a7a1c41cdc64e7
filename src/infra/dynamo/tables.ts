import { setTimeout as sleep } from 'node:timers/promises'
import {
  ContinuousBackupsUnavailableException,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { StartupError } from '../../lib/errors.ts'
import type { Logger } from '../logger.ts'
import type { Dynamo } from './dynamo.ts'

interface IndexSpec {
  name: string
  partitionKey: string
  sortKey: string
}

/** A table as its store declares it. Keys are strings unless they stand in `numbers`. */
export interface TableSpec {
  name: string
  partitionKey: string
  sortKey?: string
  numbers?: readonly string[]
  globalIndexes?: readonly IndexSpec[]
  /** Indexes within one partition: unlike global ones they can be read consistently. */
  localIndexes?: readonly IndexSpec[]
  /** The attribute with the second (Unix time) after which DynamoDB may delete an item. */
  timeToLive?: string
}

const keySchema = (partitionKey: string, sortKey: string | undefined) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
]

const indexSchemas = (indexes: readonly IndexSpec[] | undefined) =>
  indexes?.map(index => ({
    IndexName: index.name,
    KeySchema: keySchema(index.partitionKey, index.sortKey),
    Projection: { ProjectionType: 'ALL' as const },
  }))

/** The request that makes a table: on-demand billing, encrypted. */
const creation = (spec: TableSpec, tableName: string) => {
  const indexes = [...(spec.globalIndexes ?? []), ...(spec.localIndexes ?? [])]
  const names = [spec, ...indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey])
  const attributes = [...new Set(names)].filter(name => name !== undefined)
  return new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    SSESpecification: { Enabled: true },
    KeySchema: keySchema(spec.partitionKey, spec.sortKey),
    AttributeDefinitions: attributes.map(name => ({
      AttributeName: name,
      AttributeType: spec.numbers?.includes(name) ? 'N' : 'S',
    })),
    ...(spec.globalIndexes && { GlobalSecondaryIndexes: indexSchemas(spec.globalIndexes) }),
    ...(spec.localIndexes && { LocalSecondaryIndexes: indexSchemas(spec.localIndexes) }),
  })
}

const status = async (client: DynamoDBClient, tableName: string) => {
  try {
    return (await client.send(new DescribeTableCommand({ TableName: tableName }))).Table?.TableStatus
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined
    throw error
  }
}

const LONGEST_WAIT_MS = 120_000

const waitUntilActive = async (client: DynamoDBClient, tableName: string) => {
  const deadline = Date.now() + LONGEST_WAIT_MS
  for (let pause = 20; (await status(client, tableName)) !== 'ACTIVE'; pause = Math.min(2000, pause * 2)) {
    if (Date.now() > deadline)
      throw new StartupError(`The table ${tableName} did not become active in 2 minutes.`)
    await sleep(pause)
  }
}

/** Not every DynamoDB-compatible server knows every setting, and a setting may stand already. */
const whereKnown = async (logger: Logger, setting: string, work: Promise<unknown>) => {
  try {
    await work
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    const message = error instanceof Error ? error.message : ''
    if (name === 'ValidationException' && message.includes('already enabled')) return
    if (name !== 'UnknownOperationException') throw error
    logger.debug({ setting }, 'this database does not know the setting')
  }
}

/** AWS makes the backups of a table possible only some time after the table itself is active. */
const onceBackedUp = async (work: () => Promise<unknown>) => {
  const deadline = Date.now() + LONGEST_WAIT_MS
  for (let pause = 100; ; pause = Math.min(2000, pause * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ContinuousBackupsUnavailableException) || Date.now() > deadline) throw error
      await sleep(pause)
    }
  }
}

const ensureTable = async (dynamo: Dynamo, spec: TableSpec, logger: Logger) => {
  const { client } = dynamo
  const TableName = dynamo.table(spec.name)
  if ((await status(client, TableName)) === 'ACTIVE') return
  try {
    await client.send(creation(spec, TableName))
    logger.debug({ table: TableName }, 'table created')
  } catch (error) {
    // Another instance is making it at the same moment.
    if (!(error instanceof ResourceInUseException)) throw error
  }
  await waitUntilActive(client, TableName)
}

const settle = async (dynamo: Dynamo, spec: TableSpec, logger: Logger) => {
  const { client } = dynamo
  const TableName = dynamo.table(spec.name)
  if (spec.timeToLive !== undefined) {
    const TimeToLiveSpecification = { AttributeName: spec.timeToLive, Enabled: true }
    const work = client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
    await whereKnown(logger, 'time to live', work)
  }
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
  const work = onceBackedUp(() =>
    client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification })),
  )
  await whereKnown(logger, 'point-in-time recovery', work)
}

/**
 * Makes the tables that are missing and waits until each is active; those that stand are left as they are, but
 * for time to live and point-in-time recovery, which are switched on where they are off. It can be called again
 * and by several instances at once.
 */
export const ensureTables = async (
  dynamo: Dynamo,
  specs: readonly TableSpec[],
  logger: Logger,
): Promise<void> => {
  await Promise.all(
    specs.map(async spec => {
      await ensureTable(dynamo, spec, logger)
      await settle(dynamo, spec, logger)
    }),
  )
}
