import type { Viewer } from '../http/viewer.ts'
import type { Marks } from '../infra/cache/cache.ts'
import type { Tally } from '../infra/dynamo/tally.ts'
import { createRecent } from '../lib/recent.ts'
import type { PostService } from '../posts/post-service.ts'
import type { Activity } from '../trending/activity.ts'
import type { ShownCounts } from './shown-counts.ts'

/** For how long the same viewer does not count again, in seconds. */
export const VIEW_ONCE_SECONDS = 3600
const MOST_VIEWERS = 20_000

/** Counts views: each viewer once an hour and post. */
export interface ViewService {
  /**
   * Counts a view by the viewer, or by the address where there is none, and gives the number to show.
   * 404 when the viewer may not see the post
   */
  count(viewer: Viewer | null, address: string | undefined, postId: string): Promise<number>
}

interface Parts {
  posts: Pick<PostService, 'get'>
  tally: Pick<Tally, 'add'>
  shown: ShownCounts
  activity: Activity
  marks: Marks
  markOf: (viewer: Viewer | null, address: string | undefined) => string
}

export const createViewService = (parts: Parts): ViewService => {
  const { posts, tally, shown, activity, marks, markOf } = parts
  /** Until when a viewer is known here to have counted; the cache may lose it, or be away. Milliseconds. */
  const seen = createRecent<number>(MOST_VIEWERS)

  const isFirst = async (id: string) => {
    const now = performance.now()
    if ((seen.get(id) ?? 0) > now) return false
    seen.set(id, now + VIEW_ONCE_SECONDS * 1000)
    return marks.set(id).catch(() => true)
  }

  return {
    async count(viewer, address, postId) {
      const post = await posts.get(viewer, postId)
      if (await isFirst(`${postId}:${markOf(viewer, address)}`)) {
        tally.add(postId, 1)
        activity.record(post, 'view')
        return shown.increment(post)
      }
      return (await shown.of([post])).get(postId) ?? post.views_count
    },
  }
}
