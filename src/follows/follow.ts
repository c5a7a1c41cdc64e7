import { z } from 'zod'
import type { Write } from '../infra/dynamo/write.ts'
import { jobKind } from '../infra/outbox/job.ts'

/** Somebody follows somebody. `follow_id` is a UUIDv7: a new one each time, so that lists sort by when it began. */
export interface Edge {
  follower_id: string
  followee_id: string
  follow_id: string
}

/** How many one may follow: what is read of all of them together stays bounded. */
export const MOST_FOLLOWED = 10_000

/**
 * What the feed of a follower learns in the very transaction in which they follow or stop; comes from the feature that
 * keeps feeds.
 */
export interface FollowerFeeds {
  following(edge: Edge): Write
  unfollowed(edge: Edge): Write
}

/** Somebody has begun to follow: the followee's posts of until now come into their feed. */
export const followed = jobKind(
  'follow.begun',
  z.object({ follower_id: z.string(), followee_id: z.string(), follow_id: z.string() }),
)

/** An author has more followers than their posts are written out to. `after` is the last follower who was told. */
export const authorGrew = jobKind(
  'author.grew',
  z.object({ user_id: z.string(), after: z.string().optional() }),
)
