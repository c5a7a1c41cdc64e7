import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { PostRecord } from './post.ts'
import type { TagReader } from './tag-intersection.ts'

/** A row for each tag of each public post: what a list by tag is read from, in order and consistently. */
export const postTagsTable: TableSpec = { name: 'PostTags', partitionKey: 'tag', sortKey: 'post_id' }

export interface TagStore {
  /** The tags of a post that has just become `after`, having been `before`; null where it was or is not there. */
  moving(before: PostRecord | null, after: PostRecord | null): Write[]
  read: TagReader
}

/** Only public posts can be found. */
const findable = (post: PostRecord | null) => new Set(post?.is_public ? post.tags : [])

export const createTagStore = (dynamo: Dynamo): TagStore => {
  const TableName = dynamo.table(postTagsTable.name)

  return {
    moving(before, after) {
      const post_id = (after ?? before)?.post_id
      const [old, now] = [findable(before), findable(after)]
      return [
        ...[...now.difference(old)].map(tag => ({ item: { Put: { TableName, Item: { tag, post_id } } } })),
        ...[...old.difference(now)].map(tag => ({ item: { Delete: { TableName, Key: { tag, post_id } } } })),
      ]
    },

    async read(tag, below, limit) {
      const bounded = below !== undefined
      const query = {
        KeyConditionExpression: bounded ? 'tag = :tag AND post_id < :below' : 'tag = :tag',
        ExpressionAttributeValues: { ':tag': tag, ...(bounded && { ':below': below }) },
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<{ post_id: string }>(postTagsTable.name, query, limit)
      return { postIds: items.map(row => row.post_id), more }
    },
  }
}
