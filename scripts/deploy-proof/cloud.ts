import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchDynamoDb } from '../../src/infra/embedded/dynamodb.ts'
import { createLogger } from '../../src/infra/logger.ts'
import { startTestS3 } from '../../test/support/swift.ts'
import { launchTestRedis } from '../../test/support/test-redis.ts'
import { serveControlPlane } from './control-plane.ts'
import { type Instance, serveMetadata } from './metadata.ts'

/**
 * "The cloud" of the deployment proof, in the foreground until SIGTERM: cloud.ts FOLDER [HOST]
 *
 * Real servers for the data (dynoxide, Redis, OpenStack Swift) and stand-ins for what only AWS has (instance metadata,
 * Parameter Store, the auto-scaling group). It takes 169.254.169.254:80 and 127.0.0.1:443, so it wants a network
 * namespace of its own. HOST is where an instance reaches 127.0.0.1 of that namespace, if not there.
 *
 *   FOLDER/server.key, .crt  made by the caller, for the regional endpoints that are stood in for
 *   FOLDER/user-data         what cloud-init's EC2 data source gets, if it is there
 *   FOLDER/environment.json  written: the service's variables, for processes that are started by hand
 *   FOLDER/told              written: what the auto-scaling group was told, a JSON object a line
 *   FOLDER/asked             written: what the metadata service was asked, and how it answered
 */
const [folder = '', host = '127.0.0.1'] = process.argv.slice(2)
const file = (name: string) => join(folder, name)

const logger = createLogger('warn')
const [dynamo, redis, s3] = await Promise.all([
  launchDynamoDb({ logger }),
  launchTestRedis(logger),
  startTestS3(),
])
if (!redis || !s3) throw new Error('redis-server or Swift is missing')

const instance: Instance = {
  id: 'i-0123456789abcdef0',
  region: 'us-east-1',
  tags: {
    'plaza:parameters': '/plaza/proof',
    'plaza:launch-hook': 'plaza-launch',
    'aws:autoscaling:groupName': 'plaza',
  },
  // The role's credentials are those that Swift knows: the service signs its requests to S3 with them.
  role: { name: 'plaza-instance', token: randomBytes(24).toString('base64'), ...s3.credentials },
  ...(existsSync(file('user-data')) && { userData: readFileSync(file('user-data')) }),
}
const variables = {
  DYNAMODB_ENDPOINT: dynamo.endpoint,
  REDIS_URL: redis.url,
  S3_ENDPOINT: s3.endpoint,
  S3_BUCKET: s3.bucket,
  // A quote and a backslash on purpose: they must come through.
  JWT_SECRET: `"\\$${randomBytes(48).toString('base64')}`,
  TABLE_PREFIX: 'proof-',
  CORS_ORIGINS: 'https://app.example.org',
  TRUST_PROXY: '1',
  LOG_LEVEL: 'info',
  BCRYPT_COST: '10',
  DRAIN_SECONDS: '5',
}
writeFileSync(file('environment.json'), JSON.stringify({ ...variables, AWS_REGION: instance.region }))

const told = (action: object) => appendFileSync(file('told'), `${JSON.stringify(action)}\n`)
const asked = (path: string, status: number) => appendFileSync(file('asked'), `${status} ${path}\n`)
const parameters = Object.fromEntries(
  Object.entries(variables).map(([name, value]) => [
    `/plaza/proof/${name}`,
    value.replace('//127.0.0.1:', `//${host}:`),
  ]),
)
const tls = { key: readFileSync(file('server.key')), cert: readFileSync(file('server.crt')) }
const servers = [
  serveMetadata(instance, asked).listen(80, '169.254.169.254'),
  serveControlPlane(tls, instance, parameters, told).listen(443, '127.0.0.1'),
]
await Promise.all(servers.map(server => once(server, 'listening')))
process.stdout.write('the cloud is there\n')

await once(process, 'SIGTERM')
for (const server of servers) server.close().closeAllConnections()
await Promise.all([dynamo.stop(), redis.stop(), s3.stop()])
