import type { Viewer } from '../http/viewer.ts'
import { again } from '../infra/dynamo/again.ts'
import type { Outcome } from '../infra/dynamo/outcome.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import type { Cursors } from '../lib/cursors.ts'
import { notFound } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { newId, timeOf } from '../lib/ids.ts'
import type { LikeType, PostRecord } from '../posts/post.ts'
import { postRemoved } from '../posts/post-jobs.ts'
import type { PostService } from '../posts/post-service.ts'
import type { Activity } from '../trending/activity.ts'
import type { UserService } from '../users/user-service.ts'
import type { Like, ReactionCounts, ReactionRecord } from './reaction.ts'
import type { Position, ReactionStore } from './reaction-store.ts'

export interface ReactionService {
  /** Idempotent. 404 when the viewer may not see the post. */
  react(viewer: Viewer, postId: string, type: LikeType): Promise<ReactionCounts>
  /** Idempotent. 404 when the viewer may not see the post. */
  withdraw(viewer: Viewer, postId: string): Promise<void>
  /** Newest first. 404 when the viewer may not see the post. */
  ofPost(
    viewer: Viewer | null,
    postId: string,
    page: Paging & { like_type?: LikeType | undefined },
  ): Promise<{ likes: Like[]; next_cursor: string | null }>
  /** The posts that the viewer reacted to and may see, the newest reaction first. */
  ofViewer(viewer: Viewer, page: Paging): Promise<{ posts: PostRecord[]; next_cursor: string | null }>
}

/** Queries that one page may take when posts are gone or hidden. */
const ROUNDS = 5

interface Parts {
  /** Behind the cache of the viewers' states. */
  store: ReactionStore
  posts: PostService
  users: UserService
  outbox: Outbox
  cursors: Cursors
  activity: Activity
}

export const createReactionService = (parts: Parts): ReactionService => {
  const { store, posts, users, outbox, cursors, activity } = parts
  outbox.on(postRemoved, ({ post_id }) => store.clear(post_id))

  /** What is there now, of a post that the viewer may see. */
  const current = async (viewer: Viewer, post_id: string) => {
    const key = { post_id, user_id: viewer.user_id }
    const [post, reaction] = await Promise.all([posts.get(viewer, post_id), store.get(key)])
    return { post, reaction }
  }

  /** True when it went through, null when it is to be tried again with what is there by then. */
  const decided = async (outcome: Promise<Outcome>) => {
    const became = await outcome
    if (became === 'refused') throw notFound('post')
    return became === 'done' ? true : null
  }

  const add = (viewer: Viewer, post_id: string, like_type: LikeType) => {
    const { user_id } = viewer
    const reaction_id = newId()
    const created_date = new Date().toISOString()
    const counts = posts.counting(post_id, { likes_count: 1, [`${like_type}_count`]: 1 }, viewer)
    return store.add({ post_id, user_id, reaction_id, like_type, created_date }, counts)
  }

  const retype = (viewer: Viewer, reaction: ReactionRecord, to: LikeType) => {
    const by = { [`${reaction.like_type}_count`]: -1, [`${to}_count`]: 1 }
    return store.retype(reaction, to, posts.counting(reaction.post_id, by, viewer))
  }

  const place = {
    write: ({ reaction_id, user_id }: Position) => `${reaction_id}:${user_id}`,
    read: (after: string | undefined): Position | undefined => {
      const [reaction_id = '', user_id = ''] = after?.split(':') ?? []
      return after === undefined ? undefined : { reaction_id, user_id }
    },
  }

  return {
    async react(viewer, postId, type) {
      await again(async () => {
        const { post, reaction } = await current(viewer, postId)
        if (reaction?.like_type === type) return true
        if (reaction) return decided(retype(viewer, reaction, type))
        const added = await decided(add(viewer, postId, type))
        if (added) activity.record(post, 'like')
        return added
      })
      const post = await posts.get(viewer, postId)
      const { like_count: like, love_count: love, laugh_count: laugh, angry_count: angry } = post
      return { like_type: type, likes_count: post.likes_count, reactions: { like, love, laugh, angry } }
    },

    async withdraw(viewer, postId) {
      await again(async () => {
        const { post, reaction } = await current(viewer, postId)
        if (!reaction) return true
        const by = { likes_count: -1, [`${reaction.like_type}_count`]: -1 }
        const removed = await decided(store.remove(reaction, posts.counting(postId, by, viewer)))
        if (removed) activity.record(post, 'like', -1, timeOf(reaction.reaction_id))
        return removed
      })
    },

    async ofPost(viewer, postId, { limit, cursor, like_type }) {
      await posts.get(viewer, postId)
      const list = `posts/${postId}/likes/${like_type ?? 'all'}`
      const after = place.read(cursors.read(list, cursor))
      const { reactions, more } = await store.ofPost(postId, like_type, limit, after)
      const authors = await users.authors(reactions.map(({ user_id }) => user_id))
      const likes = reactions.map(({ user_id, like_type, created_date }) => ({
        user: authors.get(user_id) ?? { user_id, name: '' },
        like_type,
        created_date,
      }))
      const last = reactions.at(-1)
      return { likes, next_cursor: cursors.write(list, more && last ? place.write(last) : null) }
    },

    async ofViewer(viewer, { limit, cursor }) {
      const list = `users/${viewer.user_id}/likes`
      const found: PostRecord[] = []
      let after = cursors.read(list, cursor)
      let more = true
      for (let round = 0; round < ROUNDS && more && found.length < limit; round++) {
        const page = await store.ofUser(viewer.user_id, limit - found.length, after)
        const ids = page.rows.map(row => row.post_id)
        found.push(...(await posts.visible(viewer, ids)))
        after = page.rows.at(-1)?.reaction_id ?? after
        more = page.more
      }
      return { posts: found, next_cursor: cursors.write(list, more && after !== undefined ? after : null) }
    },
  }
}
