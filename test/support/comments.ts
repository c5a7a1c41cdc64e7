import type { TestApp } from './app.ts'
import { anonymous, as, type SeededPost, type SeededUser } from './seed.ts'

export interface SeededComment {
  comment_id: string
  post_id: string
  user_id: string
  content: string
  likes_count: number
  replies_count: number
  parent_comment_id: string | null
  deleted: boolean
  [field: string]: unknown
}

interface CommentPage {
  comments: SeededComment[]
  next_cursor: string | null
}

/** Where a comment is. */
export const urlOf = ({ post_id, comment_id }: Pick<SeededComment, 'post_id' | 'comment_id'>) =>
  `/posts/${post_id}/comments/${comment_id}`

/** Comments on a post, or replies to a comment of it. */
export const comment = async (
  app: TestApp,
  author: SeededUser,
  { post_id }: Pick<SeededPost, 'post_id'>,
  content: string,
  parent?: SeededComment,
): Promise<SeededComment> => {
  const { body } = await as(app, author)
    .post(`/posts/${post_id}/comments`)
    .send({ content, ...(parent && { parent_comment_id: parent.comment_id }) })
    .expect(201)
  return body.comment
}

/** One page of one level of a thread, as a viewer gets it. */
export const threadPage = async (
  app: TestApp,
  viewer: SeededUser | null,
  { post_id }: Pick<SeededPost, 'post_id'>,
  query: Record<string, unknown> = {},
): Promise<CommentPage> => {
  const calls = viewer ? as(app, viewer) : anonymous(app)
  return (await calls.get(`/posts/${post_id}/comments`).query(query).expect(200)).body
}

/** What is said on one level, all pages of it. */
export const thread = async (
  app: TestApp,
  post: Pick<SeededPost, 'post_id'>,
  query: Record<string, unknown> = {},
): Promise<SeededComment[]> => {
  const all: SeededComment[] = []
  let cursor: string | null = null
  do {
    const page: CommentPage = await threadPage(app, null, post, { ...query, ...(cursor && { cursor }) })
    all.push(...page.comments)
    cursor = page.next_cursor
  } while (cursor !== null)
  return all
}

export const words = (comments: readonly SeededComment[]) => comments.map(({ content }) => content)
