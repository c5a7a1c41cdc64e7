import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import { type Outcome, outcomeOf } from '../infra/dynamo/outcome.ts'
import { rowPages } from '../infra/dynamo/row-pages.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, refusals, type Write } from '../infra/dynamo/write.ts'
import type { CommentRecord, Order } from './comment.ts'

/** Comments under their post; one level of a thread is one query, which can be read consistently in both orders. */
export const commentsTable: TableSpec = {
  name: 'Comments',
  partitionKey: 'post_id',
  sortKey: 'comment_id',
  localIndexes: [{ name: 'ThreadIndex', partitionKey: 'post_id', sortKey: 'thread_id' }],
}

type CommentKey = Pick<CommentRecord, 'post_id' | 'comment_id'>

export interface CommentStore {
  get(key: CommentKey): Promise<CommentRecord | null>
  /** Together with the post's counts, and those of the comment that it replies to, which must be there and not deleted. */
  add(
    comment: CommentRecord,
    counts: Write,
    also: readonly Write[],
  ): Promise<'done' | 'no post' | 'no parent'>
  /** False when it is gone or deleted. */
  update(key: CommentKey, content: string): Promise<boolean>
  /**
   * Takes a comment away, if it still is as it was read; of one that has replies only the words, so that a tombstone
   * stays. `also` is the record of what is to follow.
   */
  remove(comment: CommentRecord, counts: Write, also: readonly Write[]): Promise<Outcome>
  /** The write that moves a comment's counts. Refused where it is gone or deleted. */
  counting(key: CommentKey, by: { likes_count: 1 | -1 } | { replies_count: 1 }): Write
  /** The replies to a comment, or with null the comments of the post itself, from after the id `after`. */
  thread(
    postId: string,
    parentId: string | null,
    order: Order,
    limit: number,
    after: string | undefined,
  ): Promise<{ comments: CommentRecord[]; more: boolean }>
  /** Takes away all comments of a post that is gone. Can be done again. */
  clear(postId: string): Promise<void>
}

const threadId = (parentId: string | null, commentId: string) => `${parentId ?? '-'}#${commentId}`

export const createCommentStore = (dynamo: Dynamo): CommentStore => {
  const TableName = dynamo.table(commentsTable.name)

  const keyOf = ({ post_id, comment_id }: CommentKey) => ({ post_id, comment_id })

  const updating = (
    key: CommentKey,
    expression: ReturnType<typeof change>,
    condition: string,
    values: Record<string, unknown>,
  ): Write => ({
    item: {
      Update: {
        TableName,
        Key: keyOf(key),
        UpdateExpression: expression.UpdateExpression,
        ConditionExpression: condition,
        ExpressionAttributeNames: { ...expression.ExpressionAttributeNames, '#deleted': 'deleted' },
        ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ...values },
      },
    },
  })

  const counting: CommentStore['counting'] = (key, by) =>
    updating(key, change({}, { ...by }), '#deleted = :no', { ':no': false })

  /** A reply goes, or loses its words: what it replies to is there, be it as a tombstone. */
  const oneReplyLess = (post_id: string, comment_id: string): Write => ({
    item: {
      Update: {
        TableName,
        Key: keyOf({ post_id, comment_id }),
        ...change({}, { replies_count: -1 }),
        ConditionExpression: 'attribute_exists(post_id)',
      },
    },
  })

  /** Where nobody had liked it nobody may have by now, since no job is recorded that would take likes away. */
  const removal = (comment: CommentRecord): Write => {
    const likes = comment.likes_count === 0 ? ' AND likes_count = :none' : ''
    const values = { ':no': false, ':none': 0 }
    if (comment.replies_count > 0) {
      const words = change({
        deleted: true,
        content: '',
        likes_count: 0,
        updated_date: new Date().toISOString(),
      })
      return updating(comment, words, `#deleted = :no AND replies_count > :none${likes}`, values)
    }
    return {
      item: {
        Delete: {
          TableName,
          Key: keyOf(comment),
          ConditionExpression: `#deleted = :no AND replies_count = :none${likes}`,
          ExpressionAttributeNames: { '#deleted': 'deleted' },
          ExpressionAttributeValues: values,
        },
      },
    }
  }

  return {
    counting,

    get: async key => (await dynamo.get<CommentRecord>(commentsTable.name, keyOf(key))) ?? null,

    async add(comment, counts, also) {
      const { post_id, comment_id, parent_comment_id: parent } = comment
      const Item = { ...comment, thread_id: threadId(parent, comment_id) }
      const failed = await refusals(
        dynamo.transact([
          counts,
          { item: { Put: { TableName, Item } } },
          ...(parent === null ? [] : [counting({ post_id, comment_id: parent }, { replies_count: 1 })]),
          ...also,
        ]),
      )
      if (failed.length === 0) return 'done'
      return failed.includes(0) ? 'no post' : 'no parent'
    },

    update(key, content) {
      const words = change({ content, updated_date: new Date().toISOString() })
      return held(dynamo.transact([updating(key, words, '#deleted = :no', { ':no': false })]))
    },

    remove(comment, counts, also) {
      const { post_id, parent_comment_id: parent, replies_count } = comment
      const goes = replies_count === 0 && parent !== null
      return outcomeOf(
        dynamo.transact([
          removal(comment),
          counts,
          ...(goes ? [oneReplyLess(post_id, parent)] : []),
          ...also,
        ]),
      )
    },

    async thread(post_id, parentId, order, limit, after) {
      const start = after !== undefined && {
        post_id,
        comment_id: after,
        thread_id: threadId(parentId, after),
      }
      const query = {
        IndexName: 'ThreadIndex',
        KeyConditionExpression: 'post_id = :post AND begins_with(thread_id, :thread)',
        ExpressionAttributeValues: { ':post': post_id, ':thread': threadId(parentId, '') },
        ...(start && { ExclusiveStartKey: start }),
        ConsistentRead: true,
        ScanIndexForward: order === 'asc',
      }
      const { items, more } = await dynamo.page<CommentRecord>(commentsTable.name, query, limit)
      return { comments: items, more }
    },

    async clear(postId) {
      const all = rowPages<CommentKey>(dynamo, commentsTable.name, {
        KeyConditionExpression: 'post_id = :post',
        ExpressionAttributeValues: { ':post': postId },
        ProjectionExpression: 'post_id, comment_id',
      })
      for await (const rows of all) await dynamo.writeMany(commentsTable.name, [], rows.map(keyOf))
    },
  }
}
