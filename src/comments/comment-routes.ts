import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { type Idempotency, IdempotencyHeaders } from '../http/idempotency.ts'
import { count, id, nextCursor, Paging } from '../lib/fields.ts'
import { Comment, CommentChanges, type CommentRecord, NewComment, Order } from './comment.ts'
import type { CommentService } from './comment-service.ts'
import type { CommentViews } from './comment-views.ts'

const PostParams = z.strictObject({ post_id: id() })
const CommentParams = z.strictObject({ post_id: id(), comment_id: id() })
const ThreadQuery = Paging.extend({ order: Order.default('asc'), parent_comment_id: id().optional() })
const CommentReply = z.strictObject({ comment: Comment })
const CommentList = z.strictObject({ comments: z.array(Comment), next_cursor: nextCursor() })
const LikesReply = z.strictObject({ likes_count: count() })

export const commentRoutes = (comments: CommentService, views: CommentViews, idempotency: Idempotency) => [
  endpoint(
    {
      method: 'post',
      path: '/posts/:post_id/comments',
      summary: 'Comment on a post, or reply to a comment',
      auth: 'required',
      params: PostParams,
      headers: IdempotencyHeaders,
      body: NewComment,
      reply: CommentReply,
      status: 201,
      problems: [409],
    },
    ({ req, viewer, params, body }) =>
      idempotency.once({
        ...{ req, viewer, request: body },
        make: along => comments.create(viewer, params.post_id, body, along),
        reply: async (comment: CommentRecord) => ({ comment: await views.one(comment) }),
      }),
  ),

  endpoint(
    {
      method: 'get',
      path: '/posts/:post_id/comments',
      summary: 'One level of the comments of a post',
      auth: 'optional',
      params: PostParams,
      query: ThreadQuery,
      reply: CommentList,
      status: 200,
    },
    async ({ viewer, params, query }) => {
      const { comments: found, next_cursor } = await comments.thread(viewer, params.post_id, query)
      return { comments: await views.many(found), next_cursor }
    },
  ),

  endpoint(
    {
      method: 'patch',
      path: '/posts/:post_id/comments/:comment_id',
      summary: 'Change one of the own comments',
      auth: 'required',
      params: CommentParams,
      body: CommentChanges,
      reply: CommentReply,
      status: 200,
      problems: [403],
    },
    async ({ viewer, params: { post_id, comment_id }, body }) => ({
      comment: await views.one(await comments.update(viewer, post_id, comment_id, body.content)),
    }),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/posts/:post_id/comments/:comment_id',
      summary: 'Delete one of the own comments',
      auth: 'required',
      params: CommentParams,
      status: 204,
      problems: [403],
    },
    ({ viewer, params }) => comments.remove(viewer, params.post_id, params.comment_id),
  ),

  endpoint(
    {
      method: 'put',
      path: '/posts/:post_id/comments/:comment_id/like',
      summary: 'Like a comment',
      auth: 'required',
      params: CommentParams,
      reply: LikesReply,
      status: 200,
    },
    async ({ viewer, params }) => ({
      likes_count: await comments.like(viewer, params.post_id, params.comment_id),
    }),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/posts/:post_id/comments/:comment_id/like',
      summary: 'Take the own like of a comment back',
      auth: 'required',
      params: CommentParams,
      status: 204,
    },
    ({ viewer, params }) => comments.unlike(viewer, params.post_id, params.comment_id),
  ),
]
