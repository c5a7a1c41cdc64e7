import { z } from 'zod'
import { jobKind } from '../infra/outbox/job.ts'

const Subject = z.object({ user_id: z.string(), post_id: z.string() })

/** After each write of a post: caches in line. */
export const postChanged = jobKind('post.changed', Subject)

/**
 * A post has become public: written so, or shown after having been hidden. It may be hidden again by now. `after` is the
 * last follower who was told of it.
 */
export const postPublished = jobKind('post.published', Subject.extend({ after: z.string().optional() }))

/** A post is gone: what hung on it goes too. */
export const postRemoved = jobKind('post.removed', Subject)
