import { z } from 'zod'
import { jobKind } from '../infra/outbox/job.ts'

/** A comment that had likes is gone, or only its words are: the likes go too. */
export const commentRemoved = jobKind(
  'comment.removed',
  z.object({ post_id: z.string(), comment_id: z.string() }),
)
