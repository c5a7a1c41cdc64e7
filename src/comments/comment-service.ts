import type { Viewer } from '../http/viewer.ts'
import { again } from '../infra/dynamo/again.ts'
import type { Along } from '../infra/dynamo/write.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import type { Cursors } from '../lib/cursors.ts'
import { forbidden, notFound, Problem } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { newId, timeOf } from '../lib/ids.ts'
import { postRemoved } from '../posts/post-jobs.ts'
import type { PostService } from '../posts/post-service.ts'
import type { Activity } from '../trending/activity.ts'
import type { CommentRecord, NewComment, Order } from './comment.ts'
import { commentRemoved } from './comment-jobs.ts'
import type { CommentLikeStore } from './comment-like-store.ts'
import type { CommentStore } from './comment-store.ts'

export interface CommentService {
  /** 404 when the viewer may not see the post, 422 when what it replies to is not there */
  create(
    viewer: Viewer,
    postId: string,
    comment: NewComment,
    along: Along<CommentRecord>,
  ): Promise<CommentRecord>
  /** 403 when it is somebody else's */
  update(viewer: Viewer, postId: string, commentId: string, content: string): Promise<CommentRecord>
  /** One that has replies leaves a tombstone. 403 when it is somebody else's */
  remove(viewer: Viewer, postId: string, commentId: string): Promise<void>
  /** Idempotent. How many like it then. */
  like(viewer: Viewer, postId: string, commentId: string): Promise<number>
  /** Idempotent. */
  unlike(viewer: Viewer, postId: string, commentId: string): Promise<void>
  /** One level of a thread: what was said to the post itself, or the replies to one comment. */
  thread(
    viewer: Viewer | null,
    postId: string,
    page: Paging & { order: Order; parent_comment_id?: string | undefined },
  ): Promise<{ comments: CommentRecord[]; next_cursor: string | null }>
}

const noParent = () =>
  new Problem(422, 'validation_failed', 'Validation failed', 'There is no such comment to reply to.', {
    errors: [{ pointer: '#/parent_comment_id', message: 'is not a comment of this post' }],
  })

interface Parts {
  store: CommentStore
  likes: CommentLikeStore
  posts: PostService
  outbox: Outbox
  cursors: Cursors
  activity: Activity
}

export const createCommentService = (parts: Parts): CommentService => {
  const { store, likes, posts, outbox, cursors, activity } = parts
  outbox.on(commentRemoved, ({ post_id, comment_id }) => likes.clear(post_id, comment_id))
  outbox.on(postRemoved, async ({ post_id }) => {
    // In this order: a like needs its comment, so none can come once the comments are gone.
    await store.clear(post_id)
    await likes.clear(post_id)
  })

  /** 404 also for a tombstone, and where the viewer may not see the post. */
  const get = async (viewer: Viewer, post_id: string, comment_id: string) => {
    const [, comment] = await Promise.all([posts.get(viewer, post_id), store.get({ post_id, comment_id })])
    if (!comment || comment.deleted) throw notFound('comment')
    return comment
  }

  const own = async (viewer: Viewer, postId: string, commentId: string) => {
    const comment = await get(viewer, postId, commentId)
    if (comment.user_id !== viewer.user_id) throw forbidden('Only its author may change a comment.')
    return comment
  }

  /** False when it was so already. */
  const liking = async (
    { user_id }: Viewer,
    post_id: string,
    comment_id: string,
    by: 1 | -1,
  ): Promise<boolean> => {
    const write = by === 1 ? likes.add : likes.remove
    const counts = store.counting({ post_id, comment_id }, { likes_count: by })
    const outcome = await write({ post_id, comment_id, user_id }, counts)
    if (outcome === 'refused') throw notFound('comment')
    return outcome === 'done'
  }

  return {
    async create(viewer, post_id, { content, parent_comment_id }, along) {
      const post = await posts.get(viewer, post_id)
      const now = new Date().toISOString()
      const comment: CommentRecord = {
        comment_id: newId(),
        post_id,
        user_id: viewer.user_id,
        content,
        created_date: now,
        updated_date: now,
        likes_count: 0,
        replies_count: 0,
        parent_comment_id: parent_comment_id ?? null,
        deleted: false,
      }
      const counts = posts.counting(post_id, { comments_count: 1 }, viewer)
      const outcome = await store.add(comment, counts, await along(comment))
      if (outcome === 'no post') throw notFound('post')
      if (outcome === 'no parent') throw noParent()
      activity.record(post, 'comment')
      return comment
    },

    async update(viewer, postId, commentId, content) {
      const comment = await own(viewer, postId, commentId)
      if (!(await store.update(comment, content))) throw notFound('comment')
      return get(viewer, postId, commentId)
    },

    async remove(viewer, post_id, comment_id) {
      await again(async () => {
        const [post, comment] = await Promise.all([
          posts.get(viewer, post_id),
          own(viewer, post_id, comment_id),
        ])
        const counts = posts.counting(post_id, { comments_count: -1 }, viewer)
        const also = comment.likes_count > 0 ? [outbox.entry(commentRemoved, { post_id, comment_id })] : []
        const outcome = await store.remove(comment, counts, also)
        if (outcome === 'refused') throw notFound('post')
        if (outcome !== 'done') return null
        activity.record(post, 'comment', -1, timeOf(comment_id))
        return true
      })
    },

    async like(viewer, postId, commentId) {
      await posts.get(viewer, postId)
      await liking(viewer, postId, commentId, 1)
      return (await get(viewer, postId, commentId)).likes_count
    },

    async unlike(viewer, postId, commentId) {
      await posts.get(viewer, postId)
      if (!(await liking(viewer, postId, commentId, -1))) await get(viewer, postId, commentId)
    },

    async thread(viewer, postId, { limit, cursor, order, parent_comment_id }) {
      await posts.get(viewer, postId)
      const parent = parent_comment_id ?? null
      const list = `posts/${postId}/comments/${parent ?? '-'}/${order}`
      const after = cursors.read(list, cursor)
      const { comments, more } = await store.thread(postId, parent, order, limit, after)
      const last = comments.at(-1)
      return { comments, next_cursor: cursors.write(list, more && last ? last.comment_id : null) }
    },
  }
}
