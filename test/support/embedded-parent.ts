/**
 * A process that launches both embedded backends in the folder given as its argument, writes where they are as
 * one line of JSON and stays until it is killed.
 */
import { openDataDir } from '../../src/infra/embedded/data-dir.ts'
import { launchDynamoDb } from '../../src/infra/embedded/dynamodb.ts'
import { launchRedis } from '../../src/infra/embedded/redis.ts'
import { createLogger } from '../../src/infra/logger.ts'

const logger = createLogger('silent')
const dataDir = openDataDir(process.argv[2] ?? '')
const dynamo = await launchDynamoDb({ dataDir, logger })
const redis = await launchRedis({ dataDir, logger })
const places = {
  endpoint: dynamo.endpoint,
  socketPath: redis?.socketPath,
  pids: [dynamo.pid(), redis?.pid()],
}
process.stdout.write(`${JSON.stringify(places)}\n`)
