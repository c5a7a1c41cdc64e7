import { endpoint } from '../http/endpoint.ts'
import { Paging } from '../lib/fields.ts'
import { TagParameter } from '../lib/tags.ts'
import { PostList } from './post.ts'
import type { PostViews } from './post-views.ts'
import type { TaggedPosts } from './tag-service.ts'

const TaggedQuery = Paging.extend({ tag: TagParameter })

export const tagRoutes = (tagged: TaggedPosts, views: PostViews) => [
  endpoint(
    {
      method: 'get',
      path: '/posts',
      summary: 'Public posts that carry all of the tags, newest first',
      auth: 'optional',
      query: TaggedQuery,
      reply: PostList,
      status: 200,
    },
    async ({ viewer, query: { tag, ...page } }) => {
      const { posts, next_cursor } = await tagged.list(tag, page)
      return { posts: await views.many(viewer, posts), next_cursor }
    },
  ),
]
