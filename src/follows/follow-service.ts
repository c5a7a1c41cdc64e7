import type { Viewer } from '../http/viewer.ts'
import { again } from '../infra/dynamo/again.ts'
import type { Dynamo } from '../infra/dynamo/dynamo.ts'
import { ConditionFailed, held, type Write } from '../infra/dynamo/write.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import type { Cursors } from '../lib/cursors.ts'
import { Problem } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { newId } from '../lib/ids.ts'
import type { UserRecord } from '../users/user.ts'
import type { UserService } from '../users/user-service.ts'
import type { Relations } from '../users/user-views.ts'
import { authorGrew, type Edge, type FollowerFeeds, followed, MOST_FOLLOWED } from './follow.ts'
import { type FollowList, type FollowStore, type Pair, pairOf } from './follow-store.ts'

export interface FollowService extends Relations {
  /** Idempotent. 404, 422 when it is the viewer themselves or one too many */
  follow(viewer: Viewer, userId: string): Promise<void>
  /** Idempotent. 404 */
  unfollow(viewer: Viewer, userId: string): Promise<void>
  /** Newest first. 404 */
  list(
    userId: string,
    list: FollowList,
    page: Paging,
  ): Promise<{ userIds: string[]; next_cursor: string | null }>
  /** Those of the authors that the reader follows. */
  followed(readerId: string, authorIds: readonly string[]): Promise<ReadonlySet<string>>
  /** All of somebody's edges, page by page in an order in which none of them moves. */
  inOrder: FollowStore['inOrder']
  /** Refused as a write while the reader follows the author. */
  absent(readerId: string, authorId: string): Write
}

interface Parts {
  dynamo: Dynamo
  store: FollowStore
  users: UserService
  feeds: FollowerFeeds
  outbox: Outbox
  cursors: Cursors
  /** With more followers than that an author's posts are no longer written out to each of them. */
  fanoutMaxFollowers: number
}

const cannotFollowSelf = () =>
  new Problem(422, 'cannot_follow_self', 'Cannot follow self', 'Nobody can follow themselves.')

const tooMany = () =>
  new Problem(422, 'too_many_followed', 'Too many followed', `One can follow ${MOST_FOLLOWED} at most.`)

export const createFollowService = (parts: Parts): FollowService => {
  const { dynamo, store, users, feeds, outbox, cursors, fanoutMaxFollowers } = parts

  const grow = async (author: UserRecord) => {
    if (author.fanout !== undefined || author.followers_count < fanoutMaxFollowers) return
    const { user_id } = author
    await held(dynamo.transact([users.turning(user_id), outbox.entry(authorGrew, { user_id })]))
  }

  /** Null when it has to be tried again, with what is true by then. */
  const add = async (edge: Edge, followee: UserRecord) => {
    const edges = store.adding(edge)
    try {
      await dynamo.transact([
        ...edges,
        users.counting(edge.follower_id, { following_count: 1 }, { below: MOST_FOLLOWED }),
        users.counting(edge.followee_id, { followers_count: 1 }, { fanout: followee.fanout }),
        feeds.following(edge),
        outbox.entry(followed, edge),
      ])
      return true
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error
      // Somebody was faster, perhaps this very viewer on another line.
      if (error.failed.includes(0)) return true
      await Promise.all([users.invalidate(edge.follower_id), users.invalidate(edge.followee_id)])
      const follower = await users.get(edge.follower_id)
      if (follower.following_count >= MOST_FOLLOWED) throw tooMany()
      return null
    }
  }

  return {
    async follow({ user_id: follower_id }, followee_id) {
      if (follower_id === followee_id) throw cannotFollowSelf()
      await again(async () => {
        const followee = await users.get(followee_id)
        const done = await add({ follower_id, followee_id, follow_id: newId() }, followee)
        if (done) await grow(followee)
        return done
      })
    },

    async unfollow({ user_id: follower_id }, followee_id) {
      await users.get(followee_id)
      await again(async () => {
        const follow_id = await store.current(`${follower_id}:${followee_id}`)
        if (follow_id === null) return true
        const edge = { follower_id, followee_id, follow_id }
        const ended = await held(
          dynamo.transact([
            ...store.removing(edge),
            users.counting(follower_id, { following_count: -1 }),
            users.counting(followee_id, { followers_count: -1 }),
            feeds.unfollowed(edge),
          ]),
          0,
        )
        return ended || null
      })
    },

    async list(userId, list, { limit, cursor }) {
      await users.get(userId)
      const name = `users/${userId}/${list}`
      const { userIds, last, more } = await store.newest(userId, list, limit, cursors.read(name, cursor))
      return { userIds, next_cursor: cursors.write(name, more && last !== undefined ? last : null) }
    },

    async between(viewer, userIds) {
      const there = (id: string) => pairOf({ follower_id: viewer.user_id, followee_id: id })
      const back = (id: string) => pairOf({ follower_id: id, followee_id: viewer.user_id })
      const states = await store.states(userIds.flatMap(id => [there(id), back(id)]))
      const stands = (pair: Pair) => (states.get(pair)?.follow_id ?? null) !== null
      return new Map(userIds.map(id => [id, { following: stands(there(id)), followed_by: stands(back(id)) }]))
    },

    async followed(readerId, authorIds) {
      const pair = (id: string) => pairOf({ follower_id: readerId, followee_id: id })
      const states = await store.states(authorIds.map(pair))
      return new Set(authorIds.filter(id => (states.get(pair(id))?.follow_id ?? null) !== null))
    },

    inOrder: store.inOrder,
    absent: (follower_id, followee_id) => store.absent(pairOf({ follower_id, followee_id })),
  }
}
