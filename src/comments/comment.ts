import { z } from 'zod'
import { count, id, text, timestamp } from '../lib/fields.ts'
import { Author } from '../users/user.ts'

const CONTENT = 2000

const Content = text(1, CONTENT)

export const NewComment = z
  .strictObject({ content: Content, parent_comment_id: id().optional() })
  .meta({ id: 'NewComment', examples: [{ content: 'What a beach' }] })
export type NewComment = z.output<typeof NewComment>

export const CommentChanges = z
  .strictObject({ content: Content })
  .meta({ id: 'CommentChanges', examples: [{ content: 'What a lovely beach' }] })

/** `deleted`: a tombstone, which keeps the place of a comment that has replies. Its words are gone. */
export const Comment = z
  .strictObject({
    comment_id: id(),
    post_id: id(),
    user_id: id(),
    author: Author,
    content: z.string(),
    created_date: timestamp(),
    updated_date: timestamp(),
    likes_count: count(),
    replies_count: count(),
    parent_comment_id: id().nullable(),
    deleted: z.boolean(),
  })
  .meta({
    id: 'Comment',
    examples: [
      {
        comment_id: '019ab0c3-1b22-7d10-9f3a-6c8e1a2b3c4d',
        post_id: '019ab0c2-8f31-7a02-8c1e-5b7d2e9f4a10',
        user_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60',
        author: { user_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60', name: 'Ann Example' },
        content: 'What a beach',
        created_date: '2026-11-23T04:05:06.789Z',
        updated_date: '2026-11-23T04:05:06.789Z',
        likes_count: 2,
        replies_count: 1,
        parent_comment_id: null,
        deleted: false,
      },
    ],
  })
export type Comment = z.infer<typeof Comment>

export const Order = z.enum(['asc', 'desc'])
export type Order = z.output<typeof Order>

/** A comment as the table holds it. */
export type CommentRecord = Omit<Comment, 'author'>
