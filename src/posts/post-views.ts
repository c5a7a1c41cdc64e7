import type { Viewer } from '../http/viewer.ts'
import type { UserService } from '../users/user-service.ts'
import type { Post, PostRecord } from './post.ts'

/** Posts as a viewer gets to see them: with their authors' names and the viewer's own state. */
export interface PostViews {
  one(viewer: Viewer | null, post: PostRecord): Promise<Post>
  /** In a fixed number of requests, however many posts there are. */
  many(viewer: Viewer | null, posts: readonly PostRecord[]): Promise<Post[]>
}

const view = (viewer: Viewer | null, post: PostRecord, name: string): Post => ({
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
  views_count: post.views_count,
  // Nobody can react or share yet.
  ...(viewer && { viewer: { like_type: null, shared: false } }),
})

export const createPostViews = (users: UserService): PostViews => {
  const many = async (viewer: Viewer | null, posts: readonly PostRecord[]) => {
    const authors = await users.authors(posts.map(post => post.user_id))
    return posts.map(post => view(viewer, post, authors.get(post.user_id)?.name ?? ''))
  }
  return {
    many,
    async one(viewer, post) {
      const authors = await users.authors([post.user_id])
      return view(viewer, post, authors.get(post.user_id)?.name ?? '')
    },
  }
}
