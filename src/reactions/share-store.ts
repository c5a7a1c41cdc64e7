import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { type Outcome, outcomeOf } from '../infra/dynamo/outcome.ts'
import { rowPages } from '../infra/dynamo/row-pages.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import type { Write } from '../infra/dynamo/write.ts'

/** Who shared a post: a row each. */
export const sharesTable: TableSpec = { name: 'Shares', partitionKey: 'post_id', sortKey: 'user_id' }

interface ShareKey {
  post_id: string
  user_id: string
}

export interface ShareStore {
  /** Those that exist. */
  getMany(keys: readonly ShareKey[]): Promise<ShareKey[]>
  /** Together with the post's count. `raced`: it is there already. */
  add(key: ShareKey, counts: Write): Promise<Outcome>
  /** Together with the post's count. `raced`: it is gone already. */
  remove(key: ShareKey, counts: Write): Promise<Outcome>
  /** Takes away all shares of a post that is gone. Can be done again. */
  clear(postId: string): Promise<void>
}

export const createShareStore = (dynamo: Dynamo): ShareStore => {
  const TableName = dynamo.table(sharesTable.name)
  const keyOf = ({ post_id, user_id }: ShareKey) => ({ post_id, user_id })

  return {
    getMany: keys => dynamo.getMany<ShareKey>(sharesTable.name, keys.map(keyOf)),

    add(key, counts) {
      const Item = { ...keyOf(key), created_date: new Date().toISOString() }
      const ConditionExpression = 'attribute_not_exists(post_id)'
      return outcomeOf(dynamo.transact([{ item: { Put: { TableName, Item, ConditionExpression } } }, counts]))
    },

    remove(key, counts) {
      const removal = { TableName, Key: keyOf(key), ConditionExpression: 'attribute_exists(post_id)' }
      return outcomeOf(dynamo.transact([{ item: { Delete: removal } }, counts]))
    },

    async clear(postId) {
      const all = rowPages<ShareKey>(dynamo, sharesTable.name, {
        KeyConditionExpression: 'post_id = :post',
        ExpressionAttributeValues: { ':post': postId },
      })
      for await (const rows of all) await dynamo.writeMany(sharesTable.name, [], rows.map(keyOf))
    },
  }
}
