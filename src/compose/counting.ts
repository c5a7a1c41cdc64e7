import { createTally } from '../infra/dynamo/tally.ts'
import type { PostService } from '../posts/post-service.ts'
import type { PostStore } from '../posts/post-store.ts'
import { createActivity, hourAndPost } from '../trending/activity.ts'
import { createTrendBoard } from '../trending/trend-board.ts'
import { createTrendStore } from '../trending/trend-store.ts'
import { createTrendingService } from '../trending/trending-service.ts'
import { createShownCounts, VIEW_COUNT_SECONDS } from '../views/shown-counts.ts'
import { createViewService, VIEW_ONCE_SECONDS } from '../views/view-service.ts'
import { createViewerMark } from '../views/viewer-mark.ts'
import type { Foundation, Parts } from './foundation.ts'

const POINTS_FLUSH_MS = 15_000

interface Posts {
  /** Past its cache. */
  store: Pick<PostStore, 'counting'>
  service: PostService
}

/** What is counted in memory and written behind: views, and what trends. */
export const composeCounting = (
  { backends, cache, logger }: Foundation,
  posts: Posts,
  parts: Parts,
  closing: AsyncDisposableStack,
) => {
  const { dynamo, keys } = backends

  const trendStore = createTrendStore(dynamo)
  const points = createTally({
    dynamo,
    logger,
    what: 'points',
    write: (key, by) => trendStore.adding(...hourAndPost(key), by),
    flushMs: POINTS_FLUSH_MS,
    ...parts.tally,
  })
  closing.adopt(points, tally => tally.stop())
  const activity = createActivity(points)
  const board = createTrendBoard({ store: trendStore, logger, ...parts.trends })
  closing.adopt(board, b => b.stop())

  const shownCounts = createShownCounts(cache.counters('post_views', VIEW_COUNT_SECONDS))
  const viewed = createTally({
    dynamo,
    logger,
    what: 'views',
    // Of the store itself: the cached post stays, or one that is viewed all the time would never be cached.
    write: (postId, by) => posts.store.counting(postId, { views_count: by }, undefined),
    onFlush: shownCounts.raise,
    ...parts.tally,
  })
  closing.adopt(viewed, tally => tally.stop())
  const views = createViewService({
    posts: posts.service,
    tally: viewed,
    shown: shownCounts,
    activity,
    marks: cache.marks('viewed', VIEW_ONCE_SECONDS),
    markOf: createViewerMark(keys),
  })

  return {
    activity,
    shownCounts,
    views,
    trending: createTrendingService({ board, posts: posts.service }),
    startCounting() {
      viewed.start()
      points.start()
      board.start()
    },
  }
}
