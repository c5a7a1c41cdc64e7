import pLimit from 'p-limit'
import { authorGrew, type FollowerFeeds, followed } from '../follows/follow.ts'
import type { FollowService } from '../follows/follow-service.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { postPublished } from '../posts/post-jobs.ts'
import type { PostService } from '../posts/post-service.ts'
import type { UserService } from '../users/user-service.ts'
import { EVERYTHING, type FeedStore, SLACK } from './feed-store.ts'

interface Parts {
  store: FeedStore
  follows: FollowService
  posts: PostService
  users: UserService
  outbox: Outbox
  keptRows: number
}

/** Followers that are told between two checkpoints. */
const FOLLOWERS = 500
/** Posts that this instance writes out at the same time; the others wait, and their leases are renewed meanwhile. */
const AT_ONCE = 4

/** What a new edge and the end of one mean to the follower's feed. */
export const followerFeeds = (store: FeedStore): FollowerFeeds => ({
  following: edge => store.pulling(edge.follower_id, edge.followee_id, edge.follow_id),
  unfollowed: edge => store.notPulling(edge.follower_id, edge.followee_id),
})

/**
 * Says how feeds are kept up, each step of it from a job that was recorded with the write that it follows:
 * a new post is written out to the followers, a new follower gets the posts of until now, and an author with too many
 * followers is from then on read from their own list.
 */
export const fanOut = ({ store, follows, posts, users, outbox, keptRows }: Parts): void => {
  const limit = pLimit(AT_ONCE)
  // Of the rows that come in between two looks at a feed a few times as many fit into its slack.
  const chance = Math.min(1, 4 / (keptRows * SLACK))

  const fanoutOf = async (userId: string) => (await users.getMany([userId])).get(userId)?.fanout

  const trimSome = async (readerIds: readonly string[], rows: number) => {
    for (const id of readerIds) if (Math.random() < rows * chance) await store.trim(id)
  }

  outbox.on(postPublished, ({ user_id, post_id, after }, job) =>
    limit(async () => {
      if ((await fanoutOf(user_id)) === 'read') return
      let from = after
      for (let more = true; more; ) {
        // Hidden again, or gone: whoever shows it again writes it out again.
        if ((await posts.visible(null, [post_id])).length === 0) return
        const page = await follows.inOrder(user_id, 'followers', FOLLOWERS, from)
        const readers = page.edges.map(edge => edge.follower_id)
        await store.spread(readers, { post_id, author_id: user_id })
        await trimSome(readers, 1)
        from = readers.at(-1)
        more = page.more
        if (more) await job.checkpoint({ user_id, post_id, after: from })
      }
    }),
  )

  outbox.on(followed, async ({ follower_id, followee_id, follow_id }) => {
    const wanted = (await follows.followed(follower_id, [followee_id])).size > 0
    if (!wanted || (await fanoutOf(followee_id)) === 'read') return
    const horizon = (await store.heads([follower_id])).get(follower_id)?.horizon ?? EVERYTHING
    const { postIds, more } = await posts.publicSince(followee_id, horizon, keptRows)
    const rows = postIds.map(post_id => ({ post_id, author_id: followee_id }))
    await store.fill(follower_id, rows)
    const oldest = postIds.at(-1)
    if (more && oldest !== undefined) await store.raise(follower_id, oldest)
    await trimSome([follower_id], rows.length)
    // Until here the author's own list was read. Whoever has begun to turn is read from there for good.
    await store.settle(follower_id, followee_id, follow_id, users.notTurning(followee_id))
  })

  outbox.on(authorGrew, async ({ user_id, after }, job) => {
    let from = after
    for (let more = true; more; ) {
      const page = await follows.inOrder(user_id, 'followers', FOLLOWERS, from)
      await store.pullingFor(page.edges, user_id)
      from = page.edges.at(-1)?.follower_id
      more = page.more
      if (more) await job.checkpoint({ user_id, after: from })
    }
    await users.turned(user_id)
  })
}
