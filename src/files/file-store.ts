import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { FileChanges, FileRecord, MultipartPlan } from './file.ts'

/** A file under its owner: lists are read consistently, newest first. */
export const fileMetadataTable: TableSpec = {
  name: 'FileMetadata',
  partitionKey: 'user_id',
  sortKey: 'file_id',
}

/** Whose a file is, for those who know its id alone. Never changes. */
export const fileOwnersTable: TableSpec = { name: 'FileOwners', partitionKey: 'file_id' }

/** How many bytes count against each user's quota. */
export const storageTable: TableSpec = { name: 'Storage', partitionKey: 'user_id' }

type FileKey = Pick<FileRecord, 'user_id' | 'file_id'>
type Arrived = Pick<
  FileRecord,
  'file_type' | 'file_size' | 'checksum_sha256' | 'thumbnail' | 'tags' | 'is_public'
> &
  Partial<Pick<FileRecord, 'file_name' | 'original_name'>>

export interface FileStore {
  ownerOf(fileId: string): Promise<string | null>
  get(key: FileKey): Promise<FileRecord | null>
  getMany(keys: readonly FileKey[]): Promise<FileRecord[]>
  /**
   * Ready files of an owner among the next `looked` ones, newest first; `last` is the id to go on after, null at the
   * end.
   */
  list(
    userId: string,
    tag: string | undefined,
    looked: number,
    after: string | undefined,
  ): Promise<{ files: FileRecord[]; last: string | null }>
  /** What counts against an owner's quota, in bytes. */
  storedBytes(userId: string): Promise<number>
  /** Records that bytes are to come, and counts them. False when they would not fit into `quota` bytes. */
  reserve(file: FileRecord, quota: number, also: readonly Write[]): Promise<boolean>
  /** Keeps the store's own id of a resumable upload. */
  plan(key: FileKey, plan: MultipartPlan, also: readonly Write[]): Promise<void>
  /** `pending` → `ready`, with what has really arrived. False when it is not pending any more. */
  makeReady(file: FileRecord, arrived: Arrived, also: readonly Write[]): Promise<boolean>
  /** `pending` or `ready` (as `file` says) → `deleting`. False when it is not that any more. */
  markDeleting(file: FileRecord, also: readonly Write[]): Promise<boolean>
  /** Takes a `deleting` record away and gives its bytes back to the owner. Can be done again. */
  erase(file: FileRecord): Promise<void>
  /** False when it is not ready (any more). */
  update(key: FileKey, changes: FileChanges | Pick<FileRecord, 'thumbnail'>): Promise<boolean>
  countDownload(key: FileKey): Promise<void>
  /** Every record of every user, page by page: for the reconciler only. */
  all(): AsyncIterable<FileRecord>
}

export const createFileStore = (dynamo: Dynamo): FileStore => {
  const files = dynamo.table(fileMetadataTable.name)
  const owners = dynamo.table(fileOwnersTable.name)
  const storage = dynamo.table(storageTable.name)

  const keyOf = ({ user_id, file_id }: FileKey) => ({ user_id, file_id })

  /** An update of a record that has a status; the status it must have stands under its own placeholder. */
  const moving = (file: FileKey, from: FileRecord['status'], expression: ReturnType<typeof change>) => ({
    Key: keyOf(file),
    UpdateExpression: expression.UpdateExpression,
    ConditionExpression: '#status = :from',
    ExpressionAttributeNames: { ...expression.ExpressionAttributeNames, '#status': 'status' },
    ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ':from': from },
  })

  /** Spelled out, since an update that adds nothing is to be none: an empty file counts 0 bytes. */
  const adding = (bytes: number) => ({
    UpdateExpression: 'ADD stored_bytes :bytes',
    ExpressionAttributeValues: { ':bytes': bytes },
  })

  const counting = (userId: string, bytes: number): Write => ({
    item: { Update: { TableName: storage, Key: { user_id: userId }, ...adding(bytes) } },
  })

  return {
    ownerOf: async file_id =>
      (await dynamo.get<{ user_id: string }>(fileOwnersTable.name, { file_id }))?.user_id ?? null,

    get: async key => (await dynamo.get<FileRecord>(fileMetadataTable.name, keyOf(key))) ?? null,

    getMany: keys => dynamo.getMany<FileRecord>(fileMetadataTable.name, keys.map(keyOf)),

    async list(userId, tag, looked, after) {
      const query = {
        KeyConditionExpression: 'user_id = :user',
        FilterExpression:
          tag === undefined ? '#status = :ready' : '#status = :ready AND contains(tags, :tag)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':user': userId,
          ':ready': 'ready',
          ...(tag !== undefined && { ':tag': tag }),
        },
        ...(after !== undefined && { ExclusiveStartKey: { user_id: userId, file_id: after } }),
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      // A filter thins out what was read, so the end is where DynamoDB says it is.
      const { items, lastKey } = await dynamo.query<FileRecord>(fileMetadataTable.name, {
        ...query,
        Limit: looked,
      })
      return { files: items, last: typeof lastKey?.file_id === 'string' ? lastKey.file_id : null }
    },

    storedBytes: async user_id =>
      (await dynamo.get<{ stored_bytes: number }>(storageTable.name, { user_id }))?.stored_bytes ?? 0,

    reserve(file, quota, also) {
      const room = quota - file.counted_bytes
      if (room < 0) return Promise.resolve(false)
      const expression = adding(file.counted_bytes)
      return held(
        dynamo.transact([
          {
            item: {
              Update: {
                TableName: storage,
                Key: { user_id: file.user_id },
                ...expression,
                ConditionExpression: 'attribute_not_exists(stored_bytes) OR stored_bytes <= :room',
                ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ':room': room },
              },
            },
          },
          { item: { Put: { TableName: files, Item: { ...file } } } },
          { item: { Put: { TableName: owners, Item: keyOf(file) } } },
          ...also,
        ]),
      )
    },

    plan: (key, multipart, also) =>
      dynamo.transact([
        { item: { Update: { TableName: files, ...moving(key, 'pending', change({ multipart })) } } },
        ...also,
      ]),

    makeReady(file, arrived, also) {
      const expression = change({ ...arrived, status: 'ready', counted_bytes: arrived.file_size })
      const difference = arrived.file_size - file.counted_bytes
      return held(
        dynamo.transact([
          { item: { Update: { TableName: files, ...moving(file, 'pending', expression) } } },
          ...(difference === 0 ? [] : [counting(file.user_id, difference)]),
          ...also,
        ]),
      )
    },

    markDeleting: (file, also) =>
      held(
        dynamo.transact([
          {
            item: {
              Update: { TableName: files, ...moving(file, file.status, change({ status: 'deleting' })) },
            },
          },
          ...also,
        ]),
      ),

    async erase(file) {
      await held(
        dynamo.transact([
          {
            item: {
              Delete: {
                TableName: files,
                Key: keyOf(file),
                ConditionExpression: '#status = :deleting',
                ExpressionAttributeNames: { '#status': 'status' },
                ExpressionAttributeValues: { ':deleting': 'deleting' },
              },
            },
          },
          { item: { Delete: { TableName: owners, Key: { file_id: file.file_id } } } },
          counting(file.user_id, -file.counted_bytes),
        ]),
      )
    },

    update: (key, changes) =>
      held(dynamo.update(fileMetadataTable.name, moving(key, 'ready', change({ ...changes })))),

    all: () => dynamo.scan<FileRecord>(fileMetadataTable.name),

    // Deleted meanwhile: nothing is left to be counted.
    countDownload: async key => {
      await held(
        dynamo.update(fileMetadataTable.name, moving(key, 'ready', change({}, { download_count: 1 }))),
      )
    },
  }
}
