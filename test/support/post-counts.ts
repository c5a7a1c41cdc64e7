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

/** What they have to be: the rows, counted. Throws when the two tables of reactions are not of one mind. */
export const countsOfRows = async (app: TestApp, { post_id }: Pick<SeededPost, 'post_id'>) => {
  const reactions = await rowsOf(app, 'Reactions', post_id)
  const others = await rowsOf(app, 'UserReactions', post_id)
  const ids = (rows: Record<string, unknown>[]) =>
    rows.map(({ user_id, reaction_id }) => `${user_id} ${reaction_id}`).sort()
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
    comments_count: 0,
  }
}
