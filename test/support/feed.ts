import type { TestApp } from './app.ts'
import { as, type SeededPost, type SeededUser } from './seed.ts'

/** The ids of every page of a reader's feed. */
export const walkFeed = async (
  app: TestApp,
  reader: Pick<SeededUser, 'token'>,
  limit: number,
): Promise<string[][]> => {
  const pages: string[][] = []
  let cursor: string | null = null
  do {
    const query: Record<string, unknown> = { limit, ...(cursor !== null && { cursor }) }
    const { body } = await as(app, reader).get('/feed').query(query).expect(200)
    pages.push(body.posts.map((post: SeededPost) => post.post_id))
    cursor = body.next_cursor
  } while (cursor !== null)
  return pages
}
