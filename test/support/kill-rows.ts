import type { Dynamo } from '../../src/infra/dynamo/dynamo.ts'
import { TABLES } from '../../src/tables.ts'

export type Row = Record<string, unknown>
export type Tables = ReadonlyMap<string, Row[]>

/** Every row of every table. */
export const readTables = async (dynamo: Dynamo): Promise<Tables> => {
  const read = async ({ name }: (typeof TABLES)[number]) => {
    const rows: Row[] = []
    for await (const row of dynamo.scan<Row>(name)) rows.push(row)
    return [name, rows] as const
  }
  return new Map(await Promise.all(TABLES.map(read)))
}

export const rowsIn = (tables: Tables, name: string) => tables.get(name) ?? []

const by = (rows: readonly Row[], key: string) => Map.groupBy(rows, row => String(row[key]))

/** What of two lists of names is in one of them only. */
const differing = (what: string, some: string[], others: string[]) =>
  [...new Set(some).symmetricDifference(new Set(others))].map(name => `${what}: ${name} is on one side only`)

const TYPES = ['like', 'love', 'laugh', 'angry']

/** Whether each of a row's counts is the number of the rows that it counts. */
const miscounted = (what: string, row: Row, counted: Record<string, number>) =>
  Object.entries(counted)
    .filter(([name, count]) => row[name] !== count)
    .map(([name, count]) => `${what}: ${name} is ${row[name]} and there are ${count}`)

const postFaults = (tables: Tables) => {
  const [reactions, shares, comments] = ['Reactions', 'Shares', 'Comments'].map(name =>
    by(rowsIn(tables, name), 'post_id'),
  )
  return rowsIn(tables, 'Posts').flatMap(post => {
    const id = String(post.post_id)
    const reacted = reactions?.get(id) ?? []
    const ofType = (type: string) => reacted.filter(row => row.like_type === type).length
    return miscounted(`post ${id}`, post, {
      ...Object.fromEntries(TYPES.map(type => [`${type}_count`, ofType(type)])),
      likes_count: reacted.length,
      shares_count: (shares?.get(id) ?? []).length,
      comments_count: (comments?.get(id) ?? []).filter(({ deleted }) => !deleted).length,
    })
  })
}

const commentFaults = (tables: Tables) => {
  const likes = by(rowsIn(tables, 'CommentLikes'), 'comment_user')
  const liked = Map.groupBy([...likes.keys()], key => key.split('#')[0])
  const replies = by(rowsIn(tables, 'Comments'), 'parent_comment_id')
  const known = new Set(rowsIn(tables, 'Comments').map(({ comment_id }) => String(comment_id)))
  return [
    ...rowsIn(tables, 'Comments').flatMap(comment =>
      miscounted(`comment ${comment.comment_id}`, comment, {
        likes_count: (liked.get(String(comment.comment_id)) ?? []).length,
        replies_count: (replies.get(String(comment.comment_id)) ?? []).length,
      }),
    ),
    ...[...liked.keys()]
      .filter(id => !known.has(String(id)))
      .map(id => `likes of ${id}, which is no comment`),
    ...[...replies.keys()]
      .filter(id => id !== 'null' && !known.has(id))
      .map(id => `replies to ${id}, which is no comment`),
  ]
}

const userFaults = (tables: Tables) => {
  const posts = by(rowsIn(tables, 'Posts'), 'user_id')
  const edges = by(rowsIn(tables, 'Follows'), 'list_id')
  const count = (list: string) => (edges.get(list) ?? []).length
  return rowsIn(tables, 'Users').flatMap(user => {
    const own = posts.get(String(user.user_id)) ?? []
    return miscounted(`user ${user.user_id}`, user, {
      posts_count: own.length,
      public_posts_count: own.filter(({ is_public }) => is_public).length,
      followers_count: count(`followers#${user.user_id}`),
      following_count: count(`following#${user.user_id}`),
    })
  })
}

/** Rows that must be there for each other. */
const pairFaults = (tables: Tables) => {
  const names = (table: string, name: (row: Row) => string | string[]) => rowsIn(tables, table).flatMap(name)
  const edge = ({ list_id, user_id, follow_id }: Row) => {
    const [list, id] = String(list_id).split('#')
    return list === 'following' ? [`${id} ${user_id} ${follow_id}`] : []
  }
  const backEdge = ({ list_id, user_id, follow_id }: Row) => {
    const [list, id] = String(list_id).split('#')
    return list === 'followers' ? [`${user_id} ${id} ${follow_id}`] : []
  }
  const pointer = (post_id: unknown, user_id: unknown, shown: unknown) =>
    `${user_id} ${post_id} ${Boolean(shown)}`
  const reaction = ({ user_id, post_id, reaction_id }: Row) => `${user_id} ${post_id} ${reaction_id}`
  const tagsOf = ({ tags, is_public, post_id }: Row) =>
    is_public && Array.isArray(tags) ? tags.map(tag => `${tag} ${post_id}`) : []
  return [
    ...differing('edges', names('Follows', edge), names('Follows', backEdge)),
    ...differing('reactions', names('Reactions', reaction), names('UserReactions', reaction)),
    ...differing(
      'pointers',
      names('Posts', ({ post_id, user_id, is_public }) => pointer(post_id, user_id, is_public)),
      names('UserPosts', ({ post_id, user_id, public_post_id }) => pointer(post_id, user_id, public_post_id)),
    ),
    ...differing(
      'tags',
      names('Posts', tagsOf),
      names('PostTags', ({ tag, post_id }) => `${tag} ${post_id}`),
    ),
    ...differing(
      'accounts',
      names('Users', ({ user_id }) => String(user_id)),
      names('Credentials', ({ user_id }) => String(user_id)),
    ),
  ]
}

/** What hangs on something that is not there, and what was left to be done. */
const strayFaults = (tables: Tables) => {
  const posts = new Set(rowsIn(tables, 'Posts').map(({ post_id }) => post_id))
  const users = new Set(rowsIn(tables, 'Users').map(({ user_id }) => user_id))
  const stray = (table: string, key: string, known: ReadonlySet<unknown>) =>
    rowsIn(tables, table)
      .filter(row => !known.has(row[key]))
      .map(row => `${table}: ${JSON.stringify(row)} hangs on nothing`)
  return [
    ...['Reactions', 'Shares', 'Comments', 'CommentLikes'].flatMap(table => stray(table, 'post_id', posts)),
    ...['Sessions', 'Posts', 'FileOwners', 'Feeds'].flatMap(table => stray(table, 'user_id', users)),
    ...rowsIn(tables, 'Feeds')
      .filter(({ post_id }) => String(post_id).startsWith('~pulled#'))
      .map(row => `a mark that was never settled: ${JSON.stringify(row)}`),
    ...rowsIn(tables, 'Outbox').map(row => `left to be done: ${JSON.stringify(row)}`),
  ]
}

/** Every way in which the rows disagree with each other, when nothing is left to be done. */
export const rowFaults = (tables: Tables): string[] =>
  [postFaults, commentFaults, userFaults, pairFaults, strayFaults].flatMap(faults => faults(tables))
