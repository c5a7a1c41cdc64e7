import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { id, nextCursor, Paging } from '../lib/fields.ts'
import { LikeType, Post } from '../posts/post.ts'
import type { PostViews } from '../posts/post-views.ts'
import { Like, NewReaction, ReactionCounts } from './reaction.ts'
import type { ReactionService } from './reaction-service.ts'

const PostParams = z.strictObject({ post_id: id() })
const LikesQuery = Paging.extend({ like_type: LikeType.optional() })
const LikeList = z.strictObject({ likes: z.array(Like), next_cursor: nextCursor() })
const PostList = z.strictObject({ posts: z.array(Post), next_cursor: nextCursor() })

export const reactionRoutes = (reactions: ReactionService, views: PostViews) => [
  endpoint(
    {
      method: 'put',
      path: '/posts/:post_id/like',
      summary: 'React to a post, or change the reaction',
      auth: 'required',
      params: PostParams,
      body: NewReaction,
      reply: ReactionCounts,
      status: 200,
    },
    ({ viewer, params, body }) => reactions.react(viewer, params.post_id, body.like_type),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/posts/:post_id/like',
      summary: 'Take the own reaction back',
      auth: 'required',
      params: PostParams,
      status: 204,
    },
    ({ viewer, params }) => reactions.withdraw(viewer, params.post_id),
  ),

  endpoint(
    {
      method: 'get',
      path: '/posts/:post_id/likes',
      summary: 'Who reacted to a post, newest first',
      auth: 'optional',
      params: PostParams,
      query: LikesQuery,
      reply: LikeList,
      status: 200,
    },
    ({ viewer, params, query }) => reactions.ofPost(viewer, params.post_id, query),
  ),

  endpoint(
    {
      method: 'get',
      path: '/users/profile/likes',
      summary: 'The posts that the viewer reacted to, the newest reaction first',
      auth: 'required',
      query: Paging,
      reply: PostList,
      status: 200,
    },
    async ({ viewer, query }) => {
      const { posts, next_cursor } = await reactions.ofViewer(viewer, query)
      return { posts: await views.many(viewer, posts), next_cursor }
    },
  ),
]
