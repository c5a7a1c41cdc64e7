import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { id } from '../lib/fields.ts'
import { ProfileChanges, SelfUser, User } from './user.ts'
import type { UserService } from './user-service.ts'
import type { UserViews } from './user-views.ts'

const SelfReply = z.strictObject({ user: SelfUser })
const UserReply = z.strictObject({ user: User })
const UserParams = z.strictObject({ user_id: id() })

export const userRoutes = (users: UserService, views: UserViews) => [
  endpoint(
    {
      method: 'get',
      path: '/users/profile',
      summary: "The viewer's own profile",
      auth: 'required',
      reply: SelfReply,
      status: 200,
      etag: true,
      problems: [404],
    },
    async ({ viewer }) => ({ user: await users.self(viewer) }),
  ),

  endpoint(
    {
      method: 'patch',
      path: '/users/profile',
      summary: "Change the viewer's own profile",
      auth: 'required',
      body: ProfileChanges,
      reply: SelfReply,
      status: 200,
      problems: [404],
    },
    async ({ viewer, body }) => ({ user: await users.update(viewer, body) }),
  ),

  endpoint(
    {
      method: 'get',
      path: '/users/:user_id',
      summary: 'A user',
      auth: 'optional',
      params: UserParams,
      reply: UserReply,
      status: 200,
      etag: true,
    },
    async ({ viewer, params }) => ({ user: await views.one(viewer, params.user_id) }),
  ),
]
