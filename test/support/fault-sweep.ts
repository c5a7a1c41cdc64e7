import type { Context } from '../../src/context.ts'
import { type FileRecord, thumbnailKey } from '../../src/files/file.ts'
import { createFileStore } from '../../src/files/file-store.ts'
import { reconcile } from '../../src/files/reconciler.ts'
import { held } from '../../src/infra/dynamo/write.ts'
import type { JobRow } from '../../src/infra/outbox/job.ts'
import { until } from './until.ts'

type Opened = Pick<Context, 'backends' | 'outbox'>

const DAY = 25 * 3_600_000

const collect = async <T>(items: AsyncIterable<T>) => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What lies in the tables and in the store. */
export const inventory = async ({ backends: { dynamo, blobs } }: Opened) => ({
  jobs: await collect(dynamo.scan<JobRow>('Outbox')),
  files: await collect(dynamo.scan<FileRecord>('FileMetadata')),
  owners: await collect(dynamo.scan<{ file_id: string }>('FileOwners')),
  storage: await collect(dynamo.scan<{ user_id: string; stored_bytes: number }>('Storage')),
  objects: (await collect(blobs.list('user-files/'))).map(({ key }) => key),
  thumbnails: (await collect(blobs.list('thumbnails/'))).map(({ key }) => key),
  uploads: (await collect(blobs.multipart.listUploads('user-files/'))).map(({ key }) => key),
})

/** Has every job done now: those for later, and those whose holder died. */
export const drain = async ({ backends: { dynamo }, outbox }: Opened) => {
  for (const { job_id } of await collect(dynamo.scan<JobRow>('Outbox'))) {
    await held(
      dynamo.update('Outbox', {
        Key: { job_id },
        UpdateExpression: 'SET due_at = :past',
        ConditionExpression: 'attribute_exists(job_id)',
        ExpressionAttributeValues: { ':past': 1 },
      }),
    )
  }
  await until(outbox.waiting, waiting => waiting === 0)
}

/** All that cleans up: the outbox, with every upload's time over, and the reconciler a day later. */
export const sweep = async (opened: Opened) => {
  await drain(opened)
  const { dynamo, blobs } = opened.backends
  const store = createFileStore(dynamo)
  return reconcile({ store, blobs, apply: true, now: () => Date.now() + DAY })
}

/** Every way in which records, bytes and quota disagree. */
export const faultsOf = async (opened: Opened): Promise<string[]> => {
  const { files, owners, storage, objects, thumbnails, uploads, jobs } = await inventory(opened)
  const keys = new Set(files.map(file => file.key))
  const shown = files.filter(file => file.thumbnail === 'ready').map(file => thumbnailKey(file.file_id))
  const ids = new Set(files.map(file => file.file_id))
  const counted = Map.groupBy(files, file => file.user_id)
  const sum = (userId: string) =>
    (counted.get(userId) ?? []).reduce((all, file) => all + file.counted_bytes, 0)
  return [
    ...objects.filter(key => !keys.has(key)).map(key => `bytes without a record: ${key}`),
    ...thumbnails.filter(key => !shown.includes(key)).map(key => `thumbnail without a record: ${key}`),
    ...shown.filter(key => !thumbnails.includes(key)).map(key => `record without a thumbnail: ${key}`),
    ...uploads.filter(key => !keys.has(key)).map(key => `parts without a record: ${key}`),
    ...files.filter(file => file.status !== 'ready').map(file => `left as ${file.status}: ${file.key}`),
    ...jobs.map(job => `left to be done: ${job.kind} ${JSON.stringify(job.payload)}`),
    ...files.filter(file => !objects.includes(file.key)).map(file => `record without bytes: ${file.key}`),
    ...owners.filter(({ file_id }) => !ids.has(file_id)).map(({ file_id }) => `owner of nothing: ${file_id}`),
    ...storage
      .filter(({ user_id, stored_bytes }) => stored_bytes !== sum(user_id))
      .map(({ user_id, stored_bytes }) => `counted ${stored_bytes} instead of ${sum(user_id)}`),
  ]
}

/** The bytes that count against somebody's quota. */
export const storedBytes = async ({ backends: { dynamo } }: Opened, user_id: string) =>
  (await dynamo.get<{ stored_bytes: number }>('Storage', { user_id }))?.stored_bytes ?? 0
