import type { TestApp } from './app.ts'
import { anonymous, as, type SeededPost, type SeededUser } from './seed.ts'

export interface TaggedPage {
  posts: SeededPost[]
  next_cursor: string | null
}

interface Asked {
  viewer?: SeededUser
  limit?: number
  cursor?: string | null
}

/** One page of the posts that carry all of the tags. */
export const tagged = async (
  app: TestApp,
  tags: readonly string[],
  { viewer, limit, cursor }: Asked = {},
): Promise<TaggedPage> => {
  const query = new URLSearchParams()
  for (const tag of tags) query.append('tag', tag)
  if (limit !== undefined) query.set('limit', String(limit))
  if (cursor) query.set('cursor', cursor)
  const calls = viewer ? as(app, viewer) : anonymous(app)
  const { body } = await calls.get(`/posts?${query}`).expect(200)
  return body
}

/** The ids of all pages. */
export const allTagged = async (app: TestApp, tags: readonly string[], asked: Asked = {}) => {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const { posts, next_cursor }: TaggedPage = await tagged(app, tags, { ...asked, cursor })
    ids.push(...posts.map(post => post.post_id))
    cursor = next_cursor
  } while (cursor !== null)
  return ids
}
