import { z } from 'zod'
import { count, timestamp } from '../lib/fields.ts'
import { LikeType, Post } from '../posts/post.ts'
import { Author } from '../users/user.ts'

const REACTION = { like_type: 'love' } as const

/** The body may be left out altogether: then it is a plain like. */
export const NewReaction = z
  .strictObject({ like_type: LikeType.default('like') })
  .prefault({})
  .meta({ id: 'NewReaction', examples: [REACTION] })

/** What a viewer's reaction is now, and how many there are. */
export const ReactionCounts = z
  .strictObject({ like_type: LikeType, likes_count: count(), reactions: Post.shape.reactions })
  .meta({
    id: 'ReactionCounts',
    examples: [{ ...REACTION, likes_count: 3, reactions: { like: 1, love: 2, laugh: 0, angry: 0 } }],
  })
export type ReactionCounts = z.infer<typeof ReactionCounts>

/** One of the reactions to a post. */
export const Like = z
  .strictObject({ user: Author, like_type: LikeType, created_date: timestamp() })
  .meta({ id: 'Like' })
export type Like = z.infer<typeof Like>

/** A reaction as the table holds it. Changing its type leaves its id and its date as they are. */
export interface ReactionRecord {
  post_id: string
  user_id: string
  /** UUIDv7: reactions sort by it. */
  reaction_id: string
  like_type: LikeType
  created_date: string
}
