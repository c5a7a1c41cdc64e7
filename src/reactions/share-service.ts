import type { Viewer } from '../http/viewer.ts'
import type { Outcome } from '../infra/dynamo/outcome.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import { notFound } from '../lib/errors.ts'
import { postRemoved } from '../posts/post-jobs.ts'
import type { PostService } from '../posts/post-service.ts'
import type { Activity } from '../trending/activity.ts'
import type { ShareStore } from './share-store.ts'

export interface ShareService {
  /** Idempotent. 404 when the viewer may not see the post. */
  share(viewer: Viewer, postId: string): Promise<void>
  /** Idempotent. 404 when the viewer may not see the post. */
  unshare(viewer: Viewer, postId: string): Promise<void>
}

interface Parts {
  /** Behind the cache of the viewers' states. */
  store: ShareStore
  posts: PostService
  outbox: Outbox
  activity: Activity
}

export const createShareService = ({ store, posts, outbox, activity }: Parts): ShareService => {
  outbox.on(postRemoved, ({ post_id }) => store.clear(post_id))

  /** `write` counts the post by one, up or down; where the row is as wanted already, nothing is to be done. */
  const moving = async (
    viewer: Viewer,
    post_id: string,
    by: 1 | -1,
    write: ShareStore['add'],
  ): Promise<void> => {
    const post = await posts.get(viewer, post_id)
    const counts = posts.counting(post_id, { shares_count: by }, viewer)
    const outcome: Outcome = await write({ post_id, user_id: viewer.user_id }, counts)
    if (outcome === 'refused') throw notFound('post')
    if (outcome === 'done') activity.record(post, 'share', by)
  }

  return {
    share: (viewer, postId) => moving(viewer, postId, 1, store.add),
    unshare: (viewer, postId) => moving(viewer, postId, -1, store.remove),
  }
}
