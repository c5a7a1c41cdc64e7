import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchDynamoDb } from '../../src/infra/embedded/dynamodb.ts'
import { createLogger } from '../../src/infra/logger.ts'
import { launchTestRedis } from './test-redis.ts'

declare global {
  var stopTestBackends: () => Promise<void>
}

/**
 * One real DynamoDB and one real Redis for all test files; each file has its own tables and keys in them. They
 * die with this process, whatever happens to it.
 */
export default async () => {
  const logger = createLogger('silent')
  const [dynamo, redis] = await Promise.all([launchDynamoDb({ logger }), launchTestRedis(logger)])
  process.env.TEST_DYNAMODB_ENDPOINT = dynamo.endpoint
  if (redis) process.env.TEST_REDIS_URL = redis.url
  if (!process.env.CI) {
    process.stderr.write(
      "CI is not set: what is told of odd input, hostile callers, broken parts, crowds, crashes, memory, the S3 store and the browser is left out (CI=true npm test tells it; the browser is Debian's chromium)\n",
    )
  }
  // What tests start as a process of its own is compiled once and not each time.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'plaza-compile-cache')
  // Whatever is signed with these is taken; the SDK only wants to have something to sign with.
  process.env.AWS_ACCESS_KEY_ID = 'test'
  process.env.AWS_SECRET_ACCESS_KEY = 'test'
  globalThis.stopTestBackends = async () => {
    await Promise.all([dynamo.stop(), redis?.stop()])
  }
}
