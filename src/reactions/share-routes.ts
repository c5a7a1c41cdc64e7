import { z } from 'zod'
import { endpoint } from '../http/endpoint.ts'
import { id } from '../lib/fields.ts'
import type { ShareService } from './share-service.ts'

const PostParams = z.strictObject({ post_id: id() })

export const shareRoutes = (shares: ShareService) => [
  endpoint(
    {
      method: 'put',
      path: '/posts/:post_id/share',
      summary: 'Share a post',
      auth: 'required',
      params: PostParams,
      status: 204,
    },
    ({ viewer, params }) => shares.share(viewer, params.post_id),
  ),

  endpoint(
    {
      method: 'delete',
      path: '/posts/:post_id/share',
      summary: 'Take a share back',
      auth: 'required',
      params: PostParams,
      status: 204,
    },
    ({ viewer, params }) => shares.unshare(viewer, params.post_id),
  ),
]
