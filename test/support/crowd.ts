import type { Dynamo } from '../../src/infra/dynamo/dynamo.ts'
import { newId } from '../../src/lib/ids.ts'

/** Followers of somebody, written straight into the tables: thousands of them would take minutes over HTTP. */
export const seedFollowers = async (dynamo: Dynamo, followee_id: string, count: number) => {
  const followers = Array.from({ length: count }, () => newId())
  const edges = followers.map(follower_id => ({ follower_id, follow_id: newId() }))
  await dynamo.writeMany(
    'Follows',
    edges.flatMap(({ follower_id, follow_id }) => [
      { list_id: `followers#${followee_id}`, user_id: follower_id, follow_id },
      { list_id: `following#${follower_id}`, user_id: followee_id, follow_id },
    ]),
    [],
  )
  return followers
}

/**
 * People whom a reader follows, each with one post that has been written out to them, straight into the tables.
 * @param rows how many of the posts stand in the reader's feed
 */
export const seedFollowed = async (dynamo: Dynamo, reader_id: string, count: number, rows: number) => {
  const now = new Date().toISOString()
  const authors = Array.from({ length: count }, () => ({ user_id: newId(), post_id: newId() }))
  const none = { followers_count: 0, following_count: 0, posts_count: 1, public_posts_count: 1 }
  const counts = { likes_count: 0, like_count: 0, love_count: 0, laugh_count: 0, angry_count: 0 }
  const seen = { comments_count: 0, shares_count: 0, views_count: 0, version: 1 }
  const dates = { created_date: now, updated_date: now }
  await Promise.all([
    dynamo.writeMany(
      'Users',
      authors.map(({ user_id }) => ({
        user_id,
        email: `${user_id}@example.com`,
        name: 'Followed',
        profile_info: {},
        created_date: now,
        ...none,
      })),
      [],
    ),
    dynamo.writeMany(
      'Posts',
      authors.map(({ user_id, post_id }) => ({
        ...{ post_id, user_id, content: 'Something of some length, as people write it.', image_url: null },
        ...{ file_ids: [], tags: [], is_public: true, ...dates, ...counts, ...seen },
      })),
      [],
    ),
    dynamo.writeMany(
      'Follows',
      authors.map(({ user_id }) => ({ list_id: `following#${reader_id}`, user_id, follow_id: newId() })),
      [],
    ),
    dynamo.writeMany(
      'Feeds',
      authors
        .slice(-rows)
        .map(({ user_id, post_id }) => ({ user_id: reader_id, post_id, author_id: user_id })),
      [],
    ),
  ])
  return authors
}
