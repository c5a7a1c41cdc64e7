import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { type Idempotency, IdempotencyHeaders } from '../http/idempotency.ts'
import { id, Paging } from '../lib/fields.ts'
import { NewPost, Post, PostChanges, PostList, type PostRecord } from './post.ts'
import type { PostService } from './post-service.ts'
import type { PostViews } from './post-views.ts'

const PostParams = z.strictObject({ post_id: id() })
const AuthorParams = z.strictObject({ user_id: id() })
const PostReply = z.strictObject({ post: Post })

export const postRoutes = (posts: PostService, views: PostViews, idempotency: Idempotency) => [
  endpoint(
    {
      method: 'post',
      path: '/posts',
      summary: 'Write a post',
      auth: 'required',
      headers: IdempotencyHeaders,
      body: NewPost,
      reply: PostReply,
      status: 201,
      problems: [409],
      location: ({ post }) => `/posts/${post.post_id}`,
    },
    ({ req, viewer, body }) =>
      idempotency.once({
        ...{ req, viewer, request: body },
        make: along => posts.create(viewer, body, along),
        reply: async (post: PostRecord) => ({ post: await views.one(viewer, post) }),
      }),
  ),

  endpoint(
    {
      method: 'get',
      path: '/posts/:post_id',
      summary: 'A post',
      auth: 'optional',
      params: PostParams,
      reply: PostReply,
      status: 200,
      etag: true,
    },
    async ({ viewer, params }) => ({
      post: await views.one(viewer, await posts.get(viewer, params.post_id)),
    }),
  ),

  endpoint(
    {
      method: 'patch',
      path: '/posts/:post_id',
      summary: 'Change one of the own posts',
      auth: 'required',
      params: PostParams,
      body: PostChanges,
      reply: PostReply,
      status: 200,
      problems: [403],
    },
    async ({ viewer, params, body }) => ({
      post: await views.one(viewer, await posts.update(viewer, params.post_id, body)),
    }),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/posts/:post_id',
      summary: 'Delete one of the own posts',
      auth: 'required',
      params: PostParams,
      status: 204,
      problems: [403],
    },
    ({ viewer, params }) => posts.remove(viewer, params.post_id),
  ),

  endpoint(
    {
      method: 'get',
      path: '/users/:user_id/posts',
      summary: "A user's posts, newest first",
      auth: 'optional',
      params: AuthorParams,
      query: Paging,
      reply: PostList,
      status: 200,
    },
    async ({ viewer, params, query }) => {
      const { posts: found, next_cursor } = await posts.byAuthor(viewer, params.user_id, query)
      return { posts: await views.many(viewer, found), next_cursor }
    },
  ),
]
