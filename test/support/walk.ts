import type { TestApp } from './app.ts'
import { anonymous, as, type SeededPost, type SeededUser } from './seed.ts'

export interface Page {
  posts: SeededPost[]
  next_cursor: string | null
}

/** One page of an author's posts, as a viewer gets it. */
export const page = async (
  app: TestApp,
  viewer: SeededUser | null,
  author: Pick<SeededUser, 'user_id'>,
  query: { limit?: number; cursor?: string | null } = {},
): Promise<Page> => {
  const calls = viewer ? as(app, viewer) : anonymous(app)
  const { limit, cursor } = query
  const asked = { ...(limit !== undefined && { limit }), ...(cursor && { cursor }) }
  const { body } = await calls.get(`/users/${author.user_id}/posts`).query(asked).expect(200)
  return body
}

/** The ids of every page. */
export const pages = async (
  app: TestApp,
  viewer: SeededUser | null,
  author: Pick<SeededUser, 'user_id'>,
  limit: number,
): Promise<string[][]> => {
  const all: string[][] = []
  let cursor: string | null = null
  do {
    const { posts, next_cursor }: Page = await page(app, viewer, author, { limit, cursor })
    all.push(posts.map(post => post.post_id))
    cursor = next_cursor
  } while (cursor !== null)
  return all
}
