import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { count, id } from '../lib/fields.ts'
import type { ViewService } from './view-service.ts'

export const viewRoutes = (views: ViewService) => [
  endpoint(
    {
      method: 'post',
      path: '/posts/:post_id/views',
      summary: 'Count a view of a post, once an hour for each viewer',
      auth: 'optional',
      params: z.strictObject({ post_id: id() }),
      reply: z.strictObject({ views_count: count() }),
      status: 202,
      // One of a viewer counts in an hour, and many people share an address.
      limits: [],
    },
    async ({ viewer, params, req }) => ({
      views_count: await views.count(viewer, req.ip, params.post_id),
    }),
  ),
]
