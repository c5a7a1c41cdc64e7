import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { spawnTied } from '../../src/infra/embedded/tied-process.ts'

/** A real S3 server with a bucket for the tests. */
export interface TestS3 {
  /** For the messages of tests. */
  name: 'Swift' | 'TEST_S3_ENDPOINT'
  endpoint: string
  region: string
  bucket: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  stop(): Promise<void>
}

const SCRIPT = fileURLToPath(new URL('./start-swift.sh', import.meta.url))
const PACKAGES_MISSING = 'exit code 3'
const ATTEMPTS = 3

const Started = z.object({ endpoint: z.string() })

/**
 * The server that TEST_S3_ENDPOINT names (with TEST_S3_BUCKET, which must exist, and the usual variables of AWS),
 * or else OpenStack Swift, started for the caller alone; it dies with this process. Where its packages are not
 * installed: an error on CI, and elsewhere null, with a line that says what to install.
 */
export const startTestS3 = async (): Promise<TestS3 | null> => {
  const { TEST_S3_ENDPOINT, TEST_S3_BUCKET, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } =
    process.env
  if (TEST_S3_ENDPOINT === undefined) return startSwift()
  return {
    name: 'TEST_S3_ENDPOINT',
    endpoint: TEST_S3_ENDPOINT,
    region: AWS_REGION ?? 'us-east-1',
    bucket: TEST_S3_BUCKET ?? 'plaza-test',
    credentials: { accessKeyId: AWS_ACCESS_KEY_ID ?? '', secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '' },
    stop: async () => {},
  }
}

const startSwift = async (): Promise<TestS3 | null> => {
  for (let attempt = 1; ; attempt++) {
    const { endpoint, stop, said } = await launch()
    if (endpoint !== null) {
      const swift: TestS3 = {
        name: 'Swift',
        endpoint,
        region: 'us-east-1',
        bucket: 'plaza-test',
        credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
        stop,
      }
      await makeBucket(swift)
      return swift
    }
    if (said.how === PACKAGES_MISSING && !process.env.CI) {
      process.stderr.write(
        `OpenStack Swift is missing (Debian: ${said.last}): tests that need it are skipped\n`,
      )
      return null
    }
    // Another process may have been quicker to take a port that was free a moment ago.
    if (said.how === PACKAGES_MISSING || attempt === ATTEMPTS)
      throw new Error(`Swift did not start (${said.how}): ${said.last}`)
  }
}

/** Resolves when it listens, with its endpoint, or when it has ended, with null. */
const launch = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plaza-swift-'))
  const listening = Promise.withResolvers<string>()
  const said = { last: '', how: '' }
  const child = spawnTied('/bin/bash', [SCRIPT, folder], line => {
    said.last = line
    if (line.startsWith('{')) listening.resolve(Started.parse(JSON.parse(line)).endpoint)
  })
  const gone = child.gone.then(how => {
    said.how = how
    rmSync(folder, { recursive: true, force: true })
    return null
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await gone
  }
  return { endpoint: await Promise.race([listening.promise, gone]), stop, said }
}

/** It proves that all of it answers, too. */
const makeBucket = async ({ endpoint, region, credentials, bucket, stop }: TestS3) => {
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 5 })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } catch (error) {
    await stop()
    throw error
  } finally {
    client.destroy()
  }
}
