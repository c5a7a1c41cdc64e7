import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { nextCursor, Paging } from '../lib/fields.ts'
import { Post } from '../posts/post.ts'
import type { PostViews } from '../posts/post-views.ts'
import type { FeedService } from './feed-service.ts'

const Feed = z.strictObject({ posts: z.array(Post), next_cursor: nextCursor() })

export const feedRoutes = (feed: FeedService, views: PostViews) => [
  endpoint(
    {
      method: 'get',
      path: '/feed',
      summary: "Posts of those whom the viewer follows and the viewer's own, newest first",
      auth: 'required',
      query: Paging,
      reply: Feed,
      status: 200,
    },
    async ({ viewer, query }) => {
      const { posts, next_cursor } = await feed.page(viewer, query)
      return { posts: await views.many(viewer, posts), next_cursor }
    },
  ),
]
