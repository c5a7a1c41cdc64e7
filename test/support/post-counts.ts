import type { TestApp } from './app.ts'
import { rowsOf } from './rows.ts'
import type { SeededPost } from './seed.ts'

const TYPES = ['like', 'love', 'laugh', 'angry'] as const

/** The counts of a post as the database has them. */
export const countsOf = async (app: TestApp, { post_id }: Pick<SeededPost, 'post_id'>) => {
  const [post] = await rowsOf(app, 'Posts', post_id)
  const count = (name: string) => Number(post?.[name])
  return {
    ...Object.fromEntries(TYPES.map(type => [type, count(`${type}_count`)])),
    likes_count: count('likes_count'),
    shares_count: count('shares_count'),
    comments_count: count('comments_count'),
  }
}

type Row = Record<string, unknown>

/** How many comments are left that have words. Throws when the counts of one are not those of its rows. */
const commentsLeft = async (app: TestApp, post_id: string) => {
  const comments = await rowsOf(app, 'Comments', post_id)
  const likes = await rowsOf(app, 'CommentLikes', post_id)
  const exact = ({ comment_id, likes_count, replies_count }: Row) =>
    likes_count === likes.filter(row => String(row.comment_user).startsWith(`${comment_id}#`)).length &&
    replies_count === comments.filter(row => row.parent_comment_id === comment_id).length
  const wrong = comments.filter(comment => !exact(comment))
  if (wrong.length > 0) throw new Error(`counted wrongly: ${JSON.stringify([wrong, likes])}`)
  const known = new Set(comments.map(({ comment_id }) => comment_id))
  const strays = likes.filter(row => !known.has(String(row.comment_user).split('#')[0]))
  if (strays.length > 0) throw new Error(`likes of nothing: ${JSON.stringify(strays)}`)
  return comments.filter(({ deleted }) => !deleted).length
}

/** What they have to be: the rows, counted. Throws when two tables are not of one mind. */
export const countsOfRows = async (app: TestApp, { post_id }: Pick<SeededPost, 'post_id'>) => {
  const reactions = await rowsOf(app, 'Reactions', post_id)
  const others = await rowsOf(app, 'UserReactions', post_id)
  const ids = (rows: Row[]) => rows.map(({ user_id, reaction_id }) => `${user_id} ${reaction_id}`).sort()
  if (ids(reactions).join() !== ids(others).join())
    throw new Error(`the rows differ: ${JSON.stringify([reactions, others])}`)
  for (const { reaction_id, typed_id, like_type } of reactions)
    if (typed_id !== `${like_type}#${reaction_id}`) throw new Error(`${typed_id} is of another type`)
  return {
    ...Object.fromEntries(
      TYPES.map(type => [type, reactions.filter(({ like_type }) => like_type === type).length]),
    ),
    likes_count: reactions.length,
    shares_count: (await rowsOf(app, 'Shares', post_id)).length,
    comments_count: await commentsLeft(app, post_id),
  }
}
