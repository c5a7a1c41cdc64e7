import type { TestApp } from './app.ts'
import { rowsOf } from './rows.ts'
import type { SeededUser } from './seed.ts'

/** The counts of a user's edges as the database has them. */
export const edgeCountsOf = async (app: TestApp, { user_id }: Pick<SeededUser, 'user_id'>) => {
  const [user] = await rowsOf(app, 'Users', user_id)
  return { followers: Number(user?.followers_count), following: Number(user?.following_count) }
}

/** What they have to be: the rows, counted. Throws when the two rows of an edge are not of one mind. */
export const edgeCountsOfRows = async (app: TestApp, users: readonly Pick<SeededUser, 'user_id'>[]) => {
  const edges = { following: new Set<string>(), followers: new Set<string>() }
  const counts = new Map<string, { followers: number; following: number }>()
  for (const { user_id } of users) {
    const following = await rowsOf(app, 'Follows', `following#${user_id}`)
    const followers = await rowsOf(app, 'Follows', `followers#${user_id}`)
    for (const row of following) edges.following.add(`${user_id} ${row.user_id} ${row.follow_id}`)
    for (const row of followers) edges.followers.add(`${row.user_id} ${user_id} ${row.follow_id}`)
    counts.set(user_id, { followers: followers.length, following: following.length })
  }
  if (edges.following.symmetricDifference(edges.followers).size > 0)
    throw new Error(`the rows differ: ${JSON.stringify([[...edges.following], [...edges.followers]])}`)
  return counts
}
