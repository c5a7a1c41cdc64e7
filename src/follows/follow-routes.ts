import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { id, nextCursor, Paging } from '../lib/fields.ts'
import { User } from '../users/user.ts'
import type { UserViews } from '../users/user-views.ts'
import type { FollowService } from './follow-service.ts'

const UserParams = z.strictObject({ user_id: id() })
const UserList = z.strictObject({ users: z.array(User), next_cursor: nextCursor() })

export const followRoutes = (follows: FollowService, views: UserViews) => {
  const list = (which: 'followers' | 'following', summary: string) =>
    endpoint(
      {
        method: 'get',
        path: `/users/:user_id/${which}`,
        summary,
        auth: 'optional',
        params: UserParams,
        query: Paging,
        reply: UserList,
        status: 200,
      },
      async ({ viewer, params, query }) => {
        const { userIds, next_cursor } = await follows.list(params.user_id, which, query)
        return { users: await views.many(viewer, userIds), next_cursor }
      },
    )

  return [
    endpoint(
      {
        method: 'put',
        path: '/users/:user_id/follow',
        summary: 'Follow a user',
        auth: 'required',
        params: UserParams,
        status: 204,
        problems: [422],
      },
      ({ viewer, params }) => follows.follow(viewer, params.user_id),
    ),
    endpoint(
      {
        method: 'delete',
        path: '/users/:user_id/follow',
        summary: 'Follow a user no longer',
        auth: 'required',
        params: UserParams,
        status: 204,
      },
      ({ viewer, params }) => follows.unfollow(viewer, params.user_id),
    ),
    list('followers', 'Who follows a user, newest first'),
    list('following', 'Whom a user follows, newest first'),
  ]
}
