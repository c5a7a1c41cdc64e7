import type { Viewer } from '../http/viewer.ts'
import type { UserService } from '../users/user-service.ts'
import type { LikeType, Post, PostRecord } from './post.ts'

/** What a viewer themselves did to posts. */
export interface ViewerState {
  like_type: LikeType | null
  shared: boolean
}

/** Comes from the features that keep it. */
export interface ViewerStates {
  /** One for each post. */
  of(viewer: Viewer, postIds: readonly string[]): Promise<ReadonlyMap<string, ViewerState>>
}

/** Comes from the feature that counts views: what of them the record does not know yet is in it. */
export interface ViewCounts {
  /** One for each post, never less than the post itself says. */
  of(posts: readonly PostRecord[]): Promise<ReadonlyMap<string, number>>
}

/** Posts as a viewer gets to see them: with their authors' names and the viewer's own state. */
export interface PostViews {
  one(viewer: Viewer | null, post: PostRecord): Promise<Post>
  /** In a fixed number of requests, however many posts there are. */
  many(viewer: Viewer | null, posts: readonly PostRecord[]): Promise<Post[]>
}

const view = (post: PostRecord, name: string, views: number | undefined, viewer?: ViewerState): Post => ({
  post_id: post.post_id,
  user_id: post.user_id,
  author: { user_id: post.user_id, name },
  content: post.content,
  image_url: post.image_url,
  file_ids: post.file_ids,
  tags: post.tags,
  is_public: post.is_public,
  created_date: post.created_date,
  updated_date: post.updated_date,
  likes_count: post.likes_count,
  reactions: {
    like: post.like_count,
    love: post.love_count,
    laugh: post.laugh_count,
    angry: post.angry_count,
  },
  comments_count: post.comments_count,
  shares_count: post.shares_count,
  views_count: views ?? post.views_count,
  ...(viewer && { viewer }),
})

const NOTHING: ViewerState = { like_type: null, shared: false }

interface Parts {
  users: UserService
  states: ViewerStates
  counts: ViewCounts
}

export const createPostViews = ({ users, states, counts }: Parts): PostViews => {
  const many = async (viewer: Viewer | null, posts: readonly PostRecord[]) => {
    const ids = posts.map(post => post.post_id)
    // All at once: what of it is not cached is one request to the database.
    const [authors, views, own] = await Promise.all([
      users.authors(posts.map(post => post.user_id)),
      counts.of(posts),
      viewer && states.of(viewer, ids),
    ])
    return posts.map(post =>
      view(
        post,
        authors.get(post.user_id)?.name ?? '',
        views.get(post.post_id),
        own ? (own.get(post.post_id) ?? NOTHING) : undefined,
      ),
    )
  }
  return {
    many,
    async one(viewer, post) {
      const [shown] = await many(viewer, [post])
      if (!shown) throw new Error('a post has one view')
      return shown
    },
  }
}
