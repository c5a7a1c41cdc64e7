import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { type Outcome, outcomeOf } from '../infra/dynamo/outcome.ts'
import { rowPages } from '../infra/dynamo/row-pages.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'

/**
 * Who liked a comment: a row each, under the post, so that those of one comment and those of all of them are one
 * range. `comment_user` is `{comment_id}#{user_id}`.
 */
export const commentLikesTable: TableSpec = {
  name: 'CommentLikes',
  partitionKey: 'post_id',
  sortKey: 'comment_user',
}

interface LikeKey {
  post_id: string
  comment_id: string
  user_id: string
}

interface LikeRow {
  post_id: string
  comment_user: string
}

export interface CommentLikeStore {
  /** Together with the comment's count. `raced`: it is there already. */
  add(key: LikeKey, counts: Write): Promise<Outcome>
  /** Together with the comment's count. `raced`: it is gone already. */
  remove(key: LikeKey, counts: Write): Promise<Outcome>
  /** Takes away the likes of a comment, or of all of a post's, that cannot be liked any more. Can be done again. */
  clear(postId: string, commentId?: string): Promise<void>
}

const sortKeyOf = (commentId: string, userId: string) => `${commentId}#${userId}`

export const createCommentLikeStore = (dynamo: Dynamo): CommentLikeStore => {
  const TableName = dynamo.table(commentLikesTable.name)
  const rowOf = ({ post_id, comment_id, user_id }: LikeKey) => ({
    post_id,
    comment_user: sortKeyOf(comment_id, user_id),
  })

  return {
    add(key, counts) {
      const Item = { ...rowOf(key), created_date: new Date().toISOString() }
      const ConditionExpression = 'attribute_not_exists(post_id)'
      return outcomeOf(dynamo.transact([{ item: { Put: { TableName, Item, ConditionExpression } } }, counts]))
    },

    remove(key, counts) {
      const removal = { TableName, Key: rowOf(key), ConditionExpression: 'attribute_exists(post_id)' }
      return outcomeOf(dynamo.transact([{ item: { Delete: removal } }, counts]))
    },

    async clear(postId, commentId) {
      const all = rowPages<LikeRow>(dynamo, commentLikesTable.name, {
        KeyConditionExpression:
          commentId === undefined
            ? 'post_id = :post'
            : 'post_id = :post AND begins_with(comment_user, :comment)',
        ExpressionAttributeValues: {
          ':post': postId,
          ...(commentId !== undefined && { ':comment': sortKeyOf(commentId, '') }),
        },
      })
      for await (const rows of all) {
        const keys = rows.map(({ post_id, comment_user }) => ({ post_id, comment_user }))
        await dynamo.writeMany(commentLikesTable.name, [], keys)
      }
    },
  }
}
