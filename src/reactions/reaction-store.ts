import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { change } from '../infra/dynamo/expressions.ts'
import { type Outcome, outcomeOf } from '../infra/dynamo/outcome.ts'
import { rowPages } from '../infra/dynamo/row-pages.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { LikeType } from '../posts/post.ts'

import type { ReactionRecord } from './reaction.ts'

/** One row for a person and a post. Both of its lists can be read consistently: all of them, and those of a type. */
export const reactionsTable: TableSpec = {
  name: 'Reactions',
  partitionKey: 'post_id',
  sortKey: 'user_id',
  localIndexes: [
    { name: 'NewestIndex', partitionKey: 'post_id', sortKey: 'reaction_id' },
    { name: 'TypeIndex', partitionKey: 'post_id', sortKey: 'typed_id' },
  ],
}

/** The same under the person: what they reacted to, newest first. */
export const userReactionsTable: TableSpec = {
  name: 'UserReactions',
  partitionKey: 'user_id',
  sortKey: 'reaction_id',
}

type ReactionKey = Pick<ReactionRecord, 'post_id' | 'user_id'>
/** Where in a post's list one reaction stands. */
export type Position = Pick<ReactionRecord, 'reaction_id' | 'user_id'>

interface UserReactionRow {
  user_id: string
  reaction_id: string
  post_id: string
}

export interface ReactionStore {
  get(key: ReactionKey): Promise<ReactionRecord | null>
  /** Those that exist. */
  getMany(keys: readonly ReactionKey[]): Promise<ReactionRecord[]>
  /** Puts a reaction where there is none, together with the post's counts. */
  add(reaction: ReactionRecord, counts: Write): Promise<Outcome>
  /** Gives a reaction another type, if it still is as it was read. */
  retype(reaction: ReactionRecord, to: LikeType, counts: Write): Promise<Outcome>
  /** Takes a reaction away, if it still is as it was read. */
  remove(reaction: ReactionRecord, counts: Write): Promise<Outcome>
  /** Reactions to a post, newest first, of one type or all. */
  ofPost(
    postId: string,
    type: LikeType | undefined,
    limit: number,
    after: Position | undefined,
  ): Promise<{ reactions: ReactionRecord[]; more: boolean }>
  /** What a user reacted to, newest first. Some may be posts that are just gone. */
  ofUser(
    userId: string,
    limit: number,
    after: string | undefined,
  ): Promise<{ rows: Pick<UserReactionRow, 'reaction_id' | 'post_id'>[]; more: boolean }>
  /** Takes away all reactions to a post that is gone. Can be done again. */
  clear(postId: string): Promise<void>
}

const typedId = (type: LikeType, reactionId: string) => `${type}#${reactionId}`

export const createReactionStore = (dynamo: Dynamo): ReactionStore => {
  const TableName = dynamo.table(reactionsTable.name)
  const userReactions = dynamo.table(userReactionsTable.name)

  const keyOf = ({ post_id, user_id }: ReactionKey) => ({ post_id, user_id })

  const asRead = ({ reaction_id, like_type }: ReactionRecord) => ({
    ConditionExpression: 'reaction_id = :read AND like_type = :type',
    values: { ':read': reaction_id, ':type': like_type },
  })

  return {
    get: async key => (await dynamo.get<ReactionRecord>(reactionsTable.name, keyOf(key))) ?? null,

    getMany: keys => dynamo.getMany<ReactionRecord>(reactionsTable.name, keys.map(keyOf)),

    add(reaction, counts) {
      const { user_id, reaction_id, post_id } = reaction
      const Item = { ...reaction, typed_id: typedId(reaction.like_type, reaction_id) }
      const row: UserReactionRow = { user_id, reaction_id, post_id }
      return outcomeOf(
        dynamo.transact([
          { item: { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(post_id)' } } },
          counts,
          { item: { Put: { TableName: userReactions, Item: { ...row } } } },
        ]),
      )
    },

    retype(reaction, to, counts) {
      const expression = change({ like_type: to, typed_id: typedId(to, reaction.reaction_id) })
      const { ConditionExpression, values } = asRead(reaction)
      const update = {
        TableName,
        Key: keyOf(reaction),
        ...expression,
        ConditionExpression,
        ExpressionAttributeValues: { ...expression.ExpressionAttributeValues, ...values },
      }
      return outcomeOf(dynamo.transact([{ item: { Update: update } }, counts]))
    },

    remove(reaction, counts) {
      const { user_id, reaction_id } = reaction
      const { ConditionExpression, values: ExpressionAttributeValues } = asRead(reaction)
      const condition = { ConditionExpression, ExpressionAttributeValues }
      return outcomeOf(
        dynamo.transact([
          { item: { Delete: { TableName, Key: keyOf(reaction), ...condition } } },
          counts,
          { item: { Delete: { TableName: userReactions, Key: { user_id, reaction_id } } } },
        ]),
      )
    },

    async ofPost(post_id, type, limit, after) {
      const start = after && {
        post_id,
        user_id: after.user_id,
        ...(type === undefined
          ? { reaction_id: after.reaction_id }
          : { typed_id: typedId(type, after.reaction_id) }),
      }
      const query = {
        IndexName: type === undefined ? 'NewestIndex' : 'TypeIndex',
        KeyConditionExpression:
          type === undefined ? 'post_id = :post' : 'post_id = :post AND begins_with(typed_id, :type)',
        ExpressionAttributeValues: {
          ':post': post_id,
          ...(type !== undefined && { ':type': typedId(type, '') }),
        },
        ...(start && { ExclusiveStartKey: start }),
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<ReactionRecord>(reactionsTable.name, query, limit)
      return { reactions: items, more }
    },

    async ofUser(user_id, limit, after) {
      const query = {
        KeyConditionExpression: 'user_id = :user',
        ExpressionAttributeValues: { ':user': user_id },
        ...(after !== undefined && { ExclusiveStartKey: { user_id, reaction_id: after } }),
        ConsistentRead: true,
        ScanIndexForward: false,
      }
      const { items, more } = await dynamo.page<UserReactionRow>(userReactionsTable.name, query, limit)
      return { rows: items, more }
    },

    async clear(postId) {
      const all = rowPages<ReactionRecord>(dynamo, reactionsTable.name, {
        KeyConditionExpression: 'post_id = :post',
        ExpressionAttributeValues: { ':post': postId },
      })
      for await (const rows of all) {
        // The row that tells of the other one goes last: whoever does this again finds both.
        const others = rows.map(({ user_id, reaction_id }) => ({ user_id, reaction_id }))
        await dynamo.writeMany(userReactionsTable.name, [], others)
        await dynamo.writeMany(reactionsTable.name, [], rows.map(keyOf))
      }
    },
  }
}
