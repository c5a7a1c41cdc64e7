import { loadConfig } from './config.ts'
import { createDynamo } from './infra/dynamo/dynamo.ts'
import { ensureTables } from './infra/dynamo/tables.ts'
import { createLogger } from './infra/logger.ts'
import { StartupError } from './lib/errors.ts'
import { TABLES } from './tables.ts'

/** `npm run tables`: makes the tables that are missing in the configured DynamoDB. Can be run again. */
const run = async () => {
  const config = loadConfig()
  if (config.dynamodbEmbedded) {
    throw new StartupError(
      'Set DYNAMODB_ENDPOINT, or NODE_ENV=production for the DynamoDB of AWS_REGION; the embedded one needs no such step.',
    )
  }
  const logger = createLogger(config.logLevel)
  const dynamo = createDynamo({
    logger,
    region: config.region,
    tablePrefix: config.tablePrefix,
    endpoint: config.dynamodbEndpoint,
  })
  await ensureTables(dynamo, TABLES, logger)
  dynamo.close()
  process.stdout.write(`${TABLES.map(({ name }) => dynamo.table(name)).join('\n')}\n`)
}

run().catch(error => {
  process.stderr.write(`${error instanceof StartupError ? error.message : (error?.stack ?? error)}\n`)
  process.exitCode = 1
})
