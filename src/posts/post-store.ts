import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'
import type { PostChanges, PostCounts, PostRecord } from './post.ts'

export const postsTable: TableSpec = { name: 'Posts', partitionKey: 'post_id' }

/**
 * A row for each post under its author. Both of its orders can be read consistently, so that a writer sees their
 * own write: all of the posts by the table's key, the public ones by an index that holds only those.
 */
export const userPostsTable: TableSpec = {
  name: 'UserPosts',
  partitionKey: 'user_id',
  sortKey: 'post_id',
  localIndexes: [{ name: 'PublicIndex', partitionKey: 'user_id', sortKey: 'public_post_id' }],
}

export interface PostStore {
  get(postId: string): Promise<PostRecord | null>
  /** Those that exist, by id. */
  getMany(postIds: readonly string[]): Promise<ReadonlyMap<string, PostRecord>>
  /** Together with `also`: the counts that move with it, the record of what is to follow. */
  create(post: PostRecord, also: readonly Write[]): Promise<void>
  /** False when `post` is not what the post is now. */
  update(post: PostRecord, changes: PostChanges, also: readonly Write[]): Promise<boolean>
  /** False when `post` is not what the post is now. */
  remove(post: PostRecord, also: readonly Write[]): Promise<boolean>
  /** The write that moves counts. Refused where the post is gone or `viewerId` may not see it. */
  counting(postId: string, by: PostCounts, viewerId: string | undefined): Write
  /** Ids of an author's posts, newest first, from after the id `after`. Some may be of posts that are just gone. */
  byAuthor(
    userId: string,
    which: 'all' | 'public',
    limit: number,
    after: string | undefined,
  ): Promise<{ postIds: string[]; more: boolean }>
  /** Ids of an author's public posts that are newer than `since`, newest first. */
  publicSince(userId: string, since: string, limit: number): Promise<{ postIds: string[]; more: boolean }>
  /** Takes away what hung on a post that is gone. Can be done again. */
  clearUp(userId: string, postId: string): Promise<void>
  /** The newest rows of each author's list, all of them or the first HEAD. */
  heads(userIds: readonly string[]): Promise<ReadonlyMap<string, AuthorHead>>
  /** Refused as a write while the viewer may see the post. */
  hiddenFrom(postId: string, viewerId: string): Write
  /** Makes sure that no cache holds what was true earlier. Throws when that did not work. */
  invalidate(userId: string, postId: string): Promise<void>
}

/** How many of an author's newest posts are kept together: what a first page and most feeds ask for. */
const HEAD = 50

/** The newest posts of an author, newest first, each with whether everybody may see it. */
export interface AuthorHead {
  rows: { post_id: string; is_public: boolean }[]
  more: boolean
}

export const createPostStore = (dynamo: Dynamo): PostStore => {
  const posts = dynamo.table(postsTable.name)
  const userPosts = dynamo.table(userPostsTable.name)

  const showing = (post: PostRecord, isPublic: boolean): Write => ({
    item: {
      Update: {
        TableName: userPosts,
        Key: { user_id: post.user_id, post_id: post.post_id },
        ...change({ public_post_id: isPublic ? post.post_id : null }),
      },
    },
  })

  const unchanged = {
    ConditionExpression: '#version = :seen',
    names: { '#version': 'version' },
    values: (post: PostRecord) => ({ ':seen': post.version }),
  }

  return {
    get: async postId => (await dynamo.get<PostRecord>(postsTable.name, { post_id: postId })) ?? null,

    async getMany(postIds) {
      const found = await dynamo.getMany<PostRecord>(
        postsTable.name,
        postIds.map(post_id => ({ post_id })),
      )
      return new Map(found.map(post => [post.post_id, post]))
    },

    async create(post, also) {
      const { user_id, post_id } = post
      const row = { user_id, post_id, ...(post.is_public && { public_post_id: post_id }) }
      await dynamo.transact([
        {
          item: {
            Put: {
              TableName: posts,
              Item: { ...post },
              ConditionExpression: 'attribute_not_exists(post_id)',
            },
          },
        },
        { item: { Put: { TableName: userPosts, Item: row } } },
        ...also,
      ])
    },

    update(post, changes, also) {
      const expression = change({ ...changes, updated_date: new Date().toISOString() }, { version: 1 })
      const update: Write = {
        item: {
          Update: {
            TableName: posts,
            Key: { post_id: post.post_id },
            UpdateExpression: expression.UpdateExpression,
            ConditionExpression: unchanged.ConditionExpression,
            ExpressionAttributeNames: { ...expression.ExpressionAttributeNames, ...unchanged.names },
            ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ...unchanged.values(post) },
          },
        },
      }
      const shown = changes.is_public
      const turned = shown !== undefined && shown !== post.is_public
      return held(dynamo.transact([update, ...(turned ? [showing(post, shown)] : []), ...also]), 0)
    },

    remove(post, also) {
      const removal: Write = {
        item: {
          Delete: {
            TableName: posts,
            Key: { post_id: post.post_id },
            ConditionExpression: unchanged.ConditionExpression,
            ExpressionAttributeNames: unchanged.names,
            ExpressionAttributeValues: unchanged.values(post),
          },
        },
      }
      return held(dynamo.transact([removal, ...also]), 0)
    },

    counting(post_id, by, viewerId) {
      const expression = change({}, by)
      const seen = viewerId !== undefined
      return {
        item: {
          Update: {
            TableName: posts,
            Key: { post_id },
            UpdateExpression: expression.UpdateExpression,
            ConditionExpression: seen
              ? 'is_public = :public OR user_id = :viewer'
              : 'attribute_exists(post_id)',
            ExpressionAttributeNames: expression.ExpressionAttributeNames,
            ExpressionAttributeValues: {
              ...expression.ExpressionAttributeValues,
              ...(seen && { ':public': true, ':viewer': viewerId }),
            },
          },
        },
      }
    },

    async byAuthor(userId, which, limit, after) {
      const start = { user_id: userId, post_id: after, ...(which === 'public' && { public_post_id: after }) }
      const query = {
        ...(which === 'public' && { IndexName: 'PublicIndex' }),
        KeyConditionExpression: 'user_id = :user',
        ExpressionAttributeValues: { ':user': userId },
        ...(after !== undefined && { ExclusiveStartKey: start }),
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<{ post_id: string }>(userPostsTable.name, query, limit)
      return { postIds: items.map(row => row.post_id), more }
    },

    async publicSince(userId, since, limit) {
      const query = {
        IndexName: 'PublicIndex',
        KeyConditionExpression: 'user_id = :user AND public_post_id > :since',
        ExpressionAttributeValues: { ':user': userId, ':since': since },
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<{ post_id: string }>(userPostsTable.name, query, limit)
      return { postIds: items.map(row => row.post_id), more }
    },

    clearUp: (user_id, post_id) => dynamo.remove(userPostsTable.name, { Key: { user_id, post_id } }),

    async heads(userIds) {
      const head = async (userId: string) => {
        const query = {
          KeyConditionExpression: 'user_id = :user',
          ExpressionAttributeValues: { ':user': userId },
          ConsistentRead: true,
          ScanIndexForward: false,
        }
        const { items, more } = await dynamo.page<{ post_id: string; public_post_id?: string }>(
          userPostsTable.name,
          query,
          HEAD,
        )
        const rows = items.map(row => ({
          post_id: row.post_id,
          is_public: row.public_post_id !== undefined,
        }))
        return [userId, { rows, more }] as const
      }
      return new Map(await Promise.all(userIds.map(head)))
    },

    hiddenFrom: (post_id, viewerId) => ({
      item: {
        ConditionCheck: {
          TableName: posts,
          Key: { post_id },
          ConditionExpression: 'attribute_not_exists(post_id) OR (is_public = :no AND user_id <> :viewer)',
          ExpressionAttributeValues: { ':no': false, ':viewer': viewerId },
        },
      },
    }),

    invalidate: async () => {},
  }
}
