import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import type { TableSpec } from '../infra/dynamo/tables.ts'
import { held, type Write } from '../infra/dynamo/write.ts'

/**
 * One partition for each reader, read from the top down: first the marks `~pulled#author` of those whose posts are
 * read from their own list, then `~horizon`, then a row for each post that was written out, newest first.
 */
export const feedsTable: TableSpec = { name: 'Feeds', partitionKey: 'user_id', sortKey: 'post_id' }

const PULLED = '~pulled#'
const HORIZON = '~horizon'
/** Before every id. */
export const EVERYTHING = '0'

/** A post that may belong into a feed. */
export interface FeedRow {
  post_id: string
  author_id: string
}

/** What a feed begins with: the same for as long as nothing comes in. */
export interface FeedHead {
  /** Authors whose posts are read from their own list. */
  pulled: string[]
  /** The rows are all of the posts by everybody else that are newer than this. */
  horizon: string
  /** The newest rows, and whether there are more. */
  rows: FeedRow[]
  more: boolean
}

interface Item {
  user_id: string
  post_id: string
  author_id: string
  horizon?: string
}

export interface FeedStore {
  heads(readerIds: readonly string[]): Promise<ReadonlyMap<string, FeedHead>>
  /** Rows older than `before` (undefined: the newest), newest first. */
  rows(
    readerId: string,
    before: string | undefined,
    limit: number,
  ): Promise<{ rows: FeedRow[]; more: boolean }>
  /** Puts one post into many feeds. Can be done again. */
  spread(readerIds: readonly string[], row: FeedRow): Promise<void>
  /** Puts many posts into one feed. Can be done again. */
  fill(readerId: string, rows: readonly FeedRow[]): Promise<void>
  /** Says that rows as old as this and older may be missing; it only ever goes up. */
  raise(readerId: string, horizon: string): Promise<void>
  /** Takes the oldest rows away where there are many more than are kept. */
  trim(readerId: string): Promise<void>
  /** Takes a row out of a feed, unless the condition `unless` refuses it: false then. */
  removeRow(readerId: string, postId: string, unless: Write): Promise<boolean>
  /** The same for a mark. */
  removeMark(readerId: string, authorId: string, unless: Write): Promise<boolean>
  /** The mark of an author whose posts are read from their own list. */
  pulling(readerId: string, authorId: string, followId: string): Write
  notPulling(readerId: string, authorId: string): Write
  /** Takes the mark away if it is that of this very edge and `unless` does not refuse it: false then. */
  settle(readerId: string, authorId: string, followId: string, unless: Write): Promise<boolean>
  /** Marks one author in many feeds. Can be done again. */
  pullingFor(edges: readonly { follower_id: string; follow_id: string }[], authorId: string): Promise<void>
}

/** Rows of a feed that are kept together for its first pages. */
const HEAD_ROWS = 60
/** How many rows past those that are kept may stand until a feed is trimmed. */
export const SLACK = 0.25
/** The most items of one query. */
const QUERY = 1000

/** @param keptRows how many of the newest rows of a feed are kept */
export const createFeedStore = (dynamo: Dynamo, keptRows: number): FeedStore => {
  const table = dynamo.table(feedsTable.name)

  const below = async (readerId: string, before: string | undefined, limit: number) => {
    const { items, lastKey } = await dynamo.query<Item>(feedsTable.name, {
      KeyConditionExpression: `user_id = :user${before === undefined ? '' : ' AND post_id < :before'}`,
      ExpressionAttributeValues: { ':user': readerId, ...(before !== undefined && { ':before': before }) },
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: limit,
    })
    return { items, more: lastKey !== undefined }
  }

  const rowsOf = (items: readonly Item[]): FeedRow[] =>
    items
      .filter(item => !item.post_id.startsWith('~'))
      .map(({ post_id, author_id }) => ({ post_id, author_id }))

  const head = async (readerId: string): Promise<FeedHead> => {
    const items: Item[] = []
    let more = true
    // One query, unless the reader has begun to follow very many people just now.
    for (let limit = HEAD_ROWS * 2; more && rowsOf(items).length === 0; limit = QUERY) {
      const page = await below(readerId, items.at(-1)?.post_id, limit)
      items.push(...page.items)
      more = page.more
    }
    const rows = rowsOf(items)
    return {
      pulled: items.filter(item => item.post_id.startsWith(PULLED)).map(item => item.author_id),
      horizon: items.find(item => item.post_id === HORIZON)?.horizon ?? EVERYTHING,
      rows: rows.slice(0, HEAD_ROWS),
      more: more || rows.length > HEAD_ROWS,
    }
  }

  const mark = (user_id: string, author_id: string, follow_id: string) => ({
    user_id,
    post_id: PULLED + author_id,
    author_id,
    follow_id,
  })

  const raise = async (user_id: string, horizon: string) => {
    await held(
      dynamo.update(feedsTable.name, {
        Key: { user_id, post_id: HORIZON },
        UpdateExpression: 'SET horizon = :to',
        ConditionExpression: 'attribute_not_exists(horizon) OR horizon < :to',
        ExpressionAttributeValues: { ':to': horizon },
      }),
    )
  }

  const removing = (user_id: string, post_id: string, unless: Write) =>
    held(dynamo.transact([unless, { item: { Delete: { TableName: table, Key: { user_id, post_id } } } }]), 0)

  return {
    heads: async readerIds =>
      new Map(await Promise.all(readerIds.map(async id => [id, await head(id)] as const))),

    async rows(readerId, before, limit) {
      const { items, more } = await below(readerId, before ?? HORIZON, limit)
      return { rows: rowsOf(items), more }
    },

    spread: (readerIds, row) =>
      dynamo.writeMany(
        feedsTable.name,
        readerIds.map(user_id => ({ user_id, ...row })),
        [],
      ),

    fill: (user_id, rows) =>
      dynamo.writeMany(
        feedsTable.name,
        rows.map(row => ({ user_id, ...row })),
        [],
      ),

    raise,

    async trim(readerId) {
      const most = Math.ceil(keptRows * (1 + SLACK))
      const newest: FeedRow[] = []
      let before = HORIZON
      for (let more = true; more && newest.length <= most; ) {
        const page = await below(readerId, before, Math.min(QUERY, most + 1))
        newest.push(...rowsOf(page.items))
        before = page.items.at(-1)?.post_id ?? before
        more = page.more
      }
      const first = newest[keptRows]
      if (newest.length <= most || !first) return
      // The other way round a reader would miss what is taken away.
      await raise(readerId, first.post_id)
      let surplus = newest.slice(keptRows)
      while (surplus.length > 0) {
        const keys = surplus.map(({ post_id }) => ({ user_id: readerId, post_id }))
        await dynamo.writeMany(feedsTable.name, [], keys)
        surplus = rowsOf((await below(readerId, before, QUERY)).items)
      }
    },

    removeRow: (readerId, postId, unless) => removing(readerId, postId, unless),
    removeMark: (readerId, authorId, unless) => removing(readerId, PULLED + authorId, unless),

    pulling: (readerId, authorId, followId) => ({
      item: { Put: { TableName: table, Item: mark(readerId, authorId, followId) } },
    }),

    notPulling: (user_id, authorId) => ({
      item: { Delete: { TableName: table, Key: { user_id, post_id: PULLED + authorId } } },
    }),

    settle: (user_id, authorId, followId, unless) =>
      held(
        dynamo.transact([
          unless,
          {
            item: {
              Delete: {
                TableName: table,
                Key: { user_id, post_id: PULLED + authorId },
                ConditionExpression: 'follow_id = :edge',
                ExpressionAttributeValues: { ':edge': followId },
              },
            },
          },
        ]),
      ),

    pullingFor: (edges, authorId) =>
      dynamo.writeMany(
        feedsTable.name,
        edges.map(({ follower_id, follow_id }) => mark(follower_id, authorId, follow_id)),
        [],
      ),
  }
}
