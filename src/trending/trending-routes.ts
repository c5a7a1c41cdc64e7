import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { Paging, wholeNumber } from '../lib/fields.ts'
import { Post } from '../posts/post.ts'
import type { PostViews } from '../posts/post-views.ts'
import { LONGEST_TIMEFRAME } from './decay.ts'
import type { TrendingService } from './trending-service.ts'

const DEFAULT_TIMEFRAME = 24

const TrendingQuery = z.strictObject({
  timeframe_hours: wholeNumber(1, LONGEST_TIMEFRAME, DEFAULT_TIMEFRAME),
  limit: Paging.shape.limit,
})

export const trendingRoutes = (trending: TrendingService, views: PostViews) => [
  endpoint(
    {
      method: 'get',
      path: '/posts/trending',
      summary:
        'What trends: public posts by their likes, comments, shares and views, recent ones counting more',
      auth: 'optional',
      query: TrendingQuery,
      reply: z.strictObject({ posts: z.array(Post) }),
      status: 200,
    },
    async ({ viewer, query }) => ({
      posts: await views.many(viewer, await trending.list(query.timeframe_hours, query.limit)),
    }),
  ),
]
