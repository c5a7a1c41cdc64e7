import type { UserService } from '../users/user-service.ts'
import type { Comment, CommentRecord } from './comment.ts'

/** Comments with their authors' names: the same for every viewer. */
export interface CommentViews {
  one(comment: CommentRecord): Promise<Comment>
  /** In a fixed number of requests, however many comments there are. */
  many(comments: readonly CommentRecord[]): Promise<Comment[]>
}

const view = (comment: CommentRecord, name: string): Comment => ({
  comment_id: comment.comment_id,
  post_id: comment.post_id,
  user_id: comment.user_id,
  author: { user_id: comment.user_id, name },
  content: comment.content,
  created_date: comment.created_date,
  updated_date: comment.updated_date,
  likes_count: comment.likes_count,
  replies_count: comment.replies_count,
  parent_comment_id: comment.parent_comment_id,
  deleted: comment.deleted,
})

export const createCommentViews = (users: UserService): CommentViews => {
  const many = async (comments: readonly CommentRecord[]) => {
    const authors = await users.authors(comments.map(({ user_id }) => user_id))
    return comments.map(comment => view(comment, authors.get(comment.user_id)?.name ?? ''))
  }
  return {
    many,
    async one(comment) {
      const [shown] = await many([comment])
      if (!shown) throw new Error('a comment has one view')
      return shown
    },
  }
}
