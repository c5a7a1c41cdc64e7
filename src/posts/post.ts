import { z } from 'zod'
import { count, id, nextCursor, text, timestamp } from '../lib/fields.ts'
import { Tags } from '../lib/tags.ts'
import { Author } from '../users/user.ts'

const CONTENT = 5000
const FILES = 10

const Content = text(1, CONTENT)

const IMAGE = 'https://images.example.com/beach.jpg'

/** The service itself never fetches it. */
const ImageUrl = z
  .url({ protocol: /^https$/, error: 'must be an https URL' })
  .regex(/^https:\/\/[^\s\p{Cc}\p{Cs}/][^\s\p{Cc}\p{Cs}]*$/u, 'must be an https URL')
  .max(2048)
  .meta({ format: 'uri', examples: [IMAGE] })

export const NewPost = z
  .strictObject({
    content: Content,
    image_url: ImageUrl.optional(),
    file_ids: z.array(id()).max(FILES).default([]),
    tags: Tags.default([]),
    is_public: z.boolean().default(true),
  })
  .meta({
    id: 'NewPost',
    examples: [{ content: 'Hello from the beach', tags: ['travel'], image_url: IMAGE, is_public: true }],
  })
export type NewPost = z.output<typeof NewPost>

export const PostChanges = z
  .strictObject({ content: Content.optional(), tags: Tags.optional(), is_public: z.boolean().optional() })
  .refine(changes => Object.keys(changes).length > 0, 'must change something')
  .meta({
    id: 'PostChanges',
    minProperties: 1,
    examples: [{ content: 'Hello from the mountains', tags: ['travel', 'alps'] }],
  })
export type PostChanges = z.output<typeof PostChanges>

/** How one can react to a post. */
export const LikeType = z.enum(['like', 'love', 'laugh', 'angry'])

export const Post = z
  .strictObject({
    post_id: id(),
    user_id: id(),
    author: Author,
    content: z.string(),
    image_url: z.string().nullable(),
    file_ids: z.array(id()),
    tags: z.array(z.string()),
    is_public: z.boolean(),
    created_date: timestamp(),
    updated_date: timestamp(),
    likes_count: count(),
    reactions: z.strictObject({ like: count(), love: count(), laugh: count(), angry: count() }),
    comments_count: count(),
    shares_count: count(),
    views_count: count(),
    viewer: z.strictObject({ like_type: LikeType.nullable(), shared: z.boolean() }).optional(),
  })
  .meta({
    id: 'Post',
    examples: [
      {
        post_id: '019ab0c2-8f31-7a02-8c1e-5b7d2e9f4a10',
        user_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60',
        author: { user_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60', name: 'Ann Example' },
        content: 'Hello from the beach',
        image_url: IMAGE,
        file_ids: [],
        tags: ['travel'],
        is_public: true,
        created_date: '2026-11-23T04:05:06.789Z',
        updated_date: '2026-11-23T04:05:06.789Z',
        likes_count: 3,
        reactions: { like: 1, love: 2, laugh: 0, angry: 0 },
        comments_count: 1,
        shares_count: 0,
        views_count: 12,
        viewer: { like_type: 'love', shared: false },
      },
    ],
  })
export type Post = z.infer<typeof Post>

export const PostList = z.strictObject({ posts: z.array(Post), next_cursor: nextCursor() })

export type LikeType = z.output<typeof LikeType>

/**
 * A post as the table and the cache hold it: the same for every viewer. The reactions are numbers of their own
 * there, since DynamoDB adds to top-level attributes only.
 */
export interface PostRecord {
  post_id: string
  user_id: string
  content: string
  image_url: string | null
  file_ids: string[]
  tags: string[]
  is_public: boolean
  created_date: string
  updated_date: string
  likes_count: number
  like_count: number
  love_count: number
  laugh_count: number
  angry_count: number
  comments_count: number
  shares_count: number
  views_count: number
  /** Goes up with every change of the post's own words; a change is refused when it was made for another one. */
  version: number
}

/** By how much the counts of a post move. */
export type PostCounts = Partial<
  Record<'likes_count' | `${LikeType}_count` | 'comments_count' | 'shares_count' | 'views_count', number>
>
