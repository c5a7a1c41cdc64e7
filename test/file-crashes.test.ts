import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Parts } from '../src/context.ts'
import { createS3BlobStore } from '../src/infra/blobs/s3-blob-store.ts'
import { createLogger } from '../src/infra/logger.ts'
import type { JobRow } from '../src/infra/outbox/job.ts'
import { startApp, type TestApp } from './support/app.ts'
import { uploader } from './support/fault-client.ts'
import { type Acknowledged, OPERATIONS, type Operation } from './support/fault-operations.ts'
import { startFaulty } from './support/fault-process.ts'
import { faultsOf, inventory, sweep } from './support/fault-sweep.ts'
import { describeHeavy } from './support/heavy.ts'
import { seedInto } from './support/seed.ts'
import { startTestS3, type TestS3 } from './support/swift.ts'
import { until } from './support/until.ts'

/** A store that outlives a process: how the next one is told of it, and a test that looks at it. */
interface Storage {
  env: Record<string, string>
  parts: Parts
}

/** Tables, an account and a folder that nobody else uses; the folder is not this test's but the process's. */
const withWorld = async (storage: Storage, work: (world: World) => Promise<void>) => {
  const DATA_DIR = join(tmpdir(), `plaza-crash-${process.pid}-${randomBytes(4).toString('hex')}`)
  const app = await startApp({}, { outbox: { pollMs: 3_600_000 } })
  try {
    const { token } = await seedInto(app).user('ann')
    await work({ app, token, storage, env: { ...app.env, DATA_DIR } })
  } finally {
    await app.close()
    rmSync(DATA_DIR, { recursive: true, force: true })
  }
}

interface World {
  app: TestApp
  token: string
  storage: Storage
  env: Record<string, string> & { DATA_DIR: string }
}

/** What is still to be done of a file, other than in a day. */
const jobsOf = async ({ context }: TestApp, fileId: string | undefined) => {
  const found: JobRow[] = []
  for await (const job of context.backends.dynamo.scan<JobRow>('Outbox')) found.push(job)
  const soon = Date.now() + 3_600_000
  return found.filter(job => job.due_at < soon && JSON.stringify(job.payload).includes(`"${fileId}"`))
}

/** Has the operation come to a halt at each of its steps, each with a file of its own, and kills the process then. */
const killedAtEachStep = async ({ app, token, storage, env }: World, { prepare, act }: Operation) => {
  // All of them are under way until the end.
  const plaza = await startFaulty({ ...env, ...storage.env, UPLOADS_AT_ONCE: '1000' })
  const client = uploader(plaza.url, token)
  const told: Promise<Acknowledged>[] = []
  try {
    for (let step = 1, halted = true; halted; step++) {
      halted = false
      const prepared = await prepare?.(client)
      const halt = plaza.halted(step).then(() => {
        halted = true
      })
      const acting = act(client, { 'x-fault': String(step) }, prepared)
      told.push(acting)
      const reply = await Promise.race([halt, acting])
      // What follows from it goes on after the reply.
      const isOver = async () => halted || (await jobsOf(app, reply?.file_id)).length === 0
      await until(isOver, over => over, 20_000)
    }
  } finally {
    await plaza.kill()
  }
  // A connection that broke acknowledges nothing.
  return (await Promise.allSettled(told)).map(outcome =>
    outcome.status === 'fulfilled' ? outcome.value : ({} as Acknowledged),
  )
}

/** Starts again on what was left, has what is due done, and looks at everything. */
const checkAfterwards = async ({ token, storage, env }: World, { bytes }: Operation, all: Acknowledged[]) => {
  const again = await startApp(env, { ...storage.parts, outbox: { pollMs: 10, retryMs: 10 } })
  try {
    // The reconciler finds nothing that was not cleaned up without it.
    expect(await sweep(again.context)).toEqual({ orphans: [], uploads: [], missing: [] })
    expect(await faultsOf(again.context)).toEqual([])
    const client = uploader(again.url, token)
    const { files, objects, thumbnails } = await inventory(again.context)
    const ids = files.map(file => file.file_id)
    for (const { file_id, there } of all) {
      if (file_id !== undefined) expect([file_id, ids.includes(file_id)]).toEqual([file_id, there])
    }
    for (const id of ids) expect(bytes.equals((await client.content(id)) ?? Buffer.of())).toBe(true)
    if (again.context.backends.disk) {
      const root = join(env.DATA_DIR, 'files')
      expect([await readdir(join(root, 'tmp')), await readdir(join(root, 'uploads'))]).toEqual([[], []])
    }
    // A bucket stays for the next operation.
    for (const key of [...objects, ...thumbnails]) await again.context.backends.blobs.remove(key)
  } finally {
    await again.close()
  }
}

const story = (on: 'disk' | 's3', storage: () => Storage | null) =>
  test.each(Object.entries(OPERATIONS).filter(([, { steps }]) => steps[on] !== undefined))(
    '%s leaves nothing behind and loses nothing that was acknowledged',
    async (_name, operation) => {
      const given = storage()
      if (!given) return
      await withWorld(given, async world => {
        const all = await killedAtEachStep(world, operation)
        expect(all.length).toBeGreaterThanOrEqual(operation.steps[on] ?? 0)
        await checkAfterwards(world, operation, all)
      })
    },
    60_000,
  )

describeHeavy('a process killed in the middle of', () => {
  story('disk', () => ({ env: {}, parts: {} }))
})

describeHeavy('a process killed in the middle of, with files on S3,', () => {
  let s3: TestS3 | null

  beforeAll(async () => {
    s3 = await startTestS3()
  }, 60_000)
  afterAll(() => s3?.stop())

  const onS3 = (): Storage | null => {
    if (!s3) return null
    const { bucket, region, endpoint, credentials } = s3
    const options = { bucket, region, endpoint, credentials, logger: createLogger('silent') }
    return {
      env: {
        S3_BUCKET: bucket,
        S3_ENDPOINT: endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      },
      parts: { backends: opened => ({ ...opened, blobs: createS3BlobStore(options), disk: null }) },
    }
  }

  story('s3', onS3)
})
