import { join } from 'node:path'
import type { Config } from '../config.ts'
import { createKeyRing, type KeyRing } from '../lib/keys.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import { createDiskBlobStore, type DiskBlobStore } from './blobs/disk-blob-store.ts'
import { createS3BlobStore } from './blobs/s3-blob-store.ts'
import type { KeyValue } from './cache/key-value.ts'
import { createMemoryKeyValue } from './cache/memory-key-value.ts'
import { nearKeyValue } from './cache/near-key-value.ts'
import { connectRedis, type RedisScripts } from './cache/redis-key-value.ts'
import { createDynamo, type Dynamo } from './dynamo/dynamo.ts'
import { type DataDir, keptSecret, openDataDir } from './embedded/data-dir.ts'
import { launchDynamoDb } from './embedded/dynamodb.ts'
import { launchRedis } from './embedded/redis.ts'
import type { Logger } from './logger.ts'
import { createConsoleMail } from './mail/console-mail.ts'
import type { Mail } from './mail/mail.ts'
import { createSesMail } from './mail/ses-mail.ts'
import type { BackendMeters } from './metrics/backend-meter.ts'
import { measureClient } from './metrics/measured-client.ts'
import { measuredKeyValue } from './metrics/measured-key-value.ts'

/** Goes up when what is kept in Redis changes its form: what an older version left is then not seen. */
const CACHE_SCHEMA = 'v1'

/** What the service runs on, with a word for a person on each. */
export interface Backends {
  dynamo: Dynamo
  keyValue: KeyValue
  /** Whether no other instance uses it. */
  keyValueAlone: boolean
  /** The Redis of the key-value store as counters use it; null where there is none. */
  scripts: RedisScripts | null
  blobs: BlobStore
  /** The same store where it is a disk: its signed URLs are served by this process. */
  disk: DiskBlobStore | null
  /** Null where nobody can be written to. */
  mail: Mail | null
  keys: KeyRing
  /** What the links in mails begin with, without a slash at the end. */
  linkBase(): string
  described: { dynamodb: string; redis: string; storage: string; data: string | null }
  /** Tells where this process is to be found: URLs of the disk store lead there, and links where none is configured. */
  publish(url: string): void
}

/**
 * Opens the configured backends and launches those that are not configured. Everything that is opened is put on
 * `closing` at once, so that a failure half-way leaves nothing behind.
 * @throws StartupError
 */
export const openBackends = async (
  config: Config,
  logger: Logger,
  meters: BackendMeters,
  closing: AsyncDisposableStack,
): Promise<Backends> => {
  const dataDir = needsDataDir(config)
    ? closing.adopt(openDataDir(config.dataDir), dir => dir.release())
    : undefined
  const secret = config.jwtSecret ?? keptSecret(given(dataDir), 'jwt_secret')
  const keys = createKeyRing(secret, config.jwtPreviousSecret)
  let publicUrl = ''
  const [database, keyValue, storage] = await allSettledFirst([
    openDatabase(config, logger, dataDir, closing),
    openKeyValue(config, logger, meters, dataDir, closing),
    openStorage(config, logger, meters, dataDir, keys, () => publicUrl),
  ])
  const databaseMeter = meters('dynamodb')
  measureClient(database.dynamo.client, databaseMeter)
  databaseMeter.watch(database.dynamo.breaker)
  const blobs = closing.adopt(storage.blobs, b => b.close())
  const mail = closing.adopt(openMail(config), m => m?.close())
  return {
    dynamo: database.dynamo,
    keyValue: keyValue.keyValue,
    keyValueAlone: config.redisEmbedded,
    scripts: keyValue.scripts,
    blobs,
    disk: storage.disk,
    mail,
    keys,
    linkBase: () => config.publicUrl ?? publicUrl,
    described: {
      dynamodb: database.described,
      redis: keyValue.described,
      storage: storage.described,
      data: dataDir?.path ?? null,
    },
    publish: url => {
      publicUrl = url
    },
  }
}

const needsDataDir = (config: Config) =>
  config.dynamodbEmbedded || config.redisEmbedded || config.storageEmbedded || config.jwtSecret === undefined

const given = (dataDir: DataDir | undefined): DataDir => {
  if (!dataDir) throw new Error('a data folder is needed here')
  return dataDir
}

/** Waits for all before it fails: what came up late would otherwise be left running. */
const allSettledFirst = async <T extends readonly Promise<unknown>[]>(work: [...T]) => {
  await Promise.allSettled(work)
  return Promise.all(work)
}

const openStorage = async (
  config: Config,
  logger: Logger,
  meters: BackendMeters,
  dataDir: DataDir | undefined,
  keys: KeyRing,
  publicUrl: () => string,
): Promise<{ blobs: BlobStore; disk: DiskBlobStore | null; described: string }> => {
  const { s3Bucket: bucket, s3Endpoint: endpoint, region } = config
  if (bucket !== undefined) {
    const blobs = createS3BlobStore({
      ...{ bucket, region, logger, meter: meters('s3') },
      ...(endpoint !== undefined && { endpoint }),
    })
    return {
      blobs,
      disk: null,
      described: `bucket ${bucket}${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    }
  }
  const root = join(given(dataDir).path, 'files')
  const disk = await createDiskBlobStore({ root, keys, publicUrl })
  return { blobs: disk, disk, described: `embedded (${root})` }
}

const openDatabase = async (
  config: Config,
  logger: Logger,
  dataDir: DataDir | undefined,
  closing: AsyncDisposableStack,
) => {
  const shared = { region: config.region, tablePrefix: config.tablePrefix, logger }
  if (!config.dynamodbEmbedded) {
    const dynamo = closing.adopt(createDynamo({ ...shared, endpoint: config.dynamodbEndpoint }), d =>
      d.close(),
    )
    return { dynamo, described: config.dynamodbEndpoint ?? `DynamoDB in ${config.region}` }
  }
  const child = closing.adopt(await launchDynamoDb({ dataDir: given(dataDir), logger }), c => c.stop())
  // The embedded one takes any signature, but the SDK wants something to sign with.
  const credentials = { accessKeyId: 'embedded', secretAccessKey: 'embedded' }
  const dynamo = closing.adopt(createDynamo({ ...shared, endpoint: child.endpoint, credentials }), d =>
    d.close(),
  )
  return { dynamo, described: `embedded (${child.endpoint})` }
}

const openMail = ({ mailFrom: from, sesEndpoint: endpoint, region, production }: Config): Mail | null => {
  if (from !== undefined) return createSesMail({ from, region, endpoint })
  return production ? null : createConsoleMail()
}

/** Closed by the cache that is put on top of it. */
const openKeyValue = async (
  config: Config,
  logger: Logger,
  meters: BackendMeters,
  dataDir: DataDir | undefined,
  closing: AsyncDisposableStack,
): Promise<{ keyValue: KeyValue; scripts: RedisScripts | null; described: string }> => {
  const keyPrefix = `${config.tablePrefix}${CACHE_SCHEMA}:`
  if (config.redisUrl !== undefined) {
    const keyValue = connectRedis({ url: config.redisUrl, keyPrefix, logger })
    await keyValue.ready
    return {
      keyValue: nearKeyValue(measuredKeyValue(keyValue, meters('redis'))),
      scripts: keyValue.scripts,
      described: new URL(config.redisUrl).host,
    }
  }
  const child = await launchRedis({ dataDir: given(dataDir), logger })
  if (!child) {
    const described = 'none: an in-process cache stands in (set REDIS_URL or install redis-server)'
    logger.warn({ redis: described }, 'REDIS_URL is not set and there is no redis-server in PATH')
    return { keyValue: createMemoryKeyValue(), scripts: null, described }
  }
  closing.adopt(child, c => c.stop())
  const keyValue = connectRedis({ socketPath: child.socketPath, keyPrefix, logger })
  await keyValue.ready
  logger.info({ redis: child.socketPath }, 'REDIS_URL is not set: a redis-server from PATH was launched')
  return {
    keyValue: nearKeyValue(measuredKeyValue(keyValue, meters('redis'))),
    scripts: keyValue.scripts,
    described: `embedded (${child.socketPath})`,
  }
}
