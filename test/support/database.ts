import { randomBytes } from 'node:crypto'
import { createDynamo, type Dynamo } from '../../src/infra/dynamo/dynamo.ts'
import { createLogger } from '../../src/infra/logger.ts'

/** A client of the test run's database, or of what stands in front of it; nobody else has tables with its prefix. */
export const openDatabase = (
  endpoint = process.env.TEST_DYNAMODB_ENDPOINT,
  tablePrefix = `t${randomBytes(6).toString('hex')}-`,
): Dynamo & { tablePrefix: string } => ({
  ...createDynamo({ region: 'us-east-1', tablePrefix, endpoint, logger: createLogger('silent') }),
  tablePrefix,
})
