import type { PostRecord } from '../../src/posts/post.ts'
import type { TestApp } from './app.ts'
import { anonymous, as, type SeededUser } from './seed.ts'

type Post = Pick<PostRecord, 'post_id'>

/** An address of somebody who is not logged in; the app has to trust one proxy. */
export const BEHIND_PROXY = { TRUST_PROXY: '1' }

/** Views a post as a user or from an address, and gives the count that is told. */
export const view = async (app: TestApp, who: SeededUser | string, { post_id }: Post): Promise<number> => {
  const calls = typeof who === 'string' ? anonymous(app) : as(app, who)
  const call = calls.post(`/posts/${post_id}/views`)
  if (typeof who === 'string') call.set('X-Forwarded-For', who)
  const { body } = await call.expect(202)
  return body.views_count
}

/** The count that is shown with the post. */
export const viewsOf = async (app: TestApp, { post_id }: Post): Promise<number> => {
  const { body } = await anonymous(app).get(`/posts/${post_id}`).expect(200)
  return body.post.views_count
}

/** The count that is recorded. */
export const recordedViews = async (app: TestApp, { post_id }: Post): Promise<number> =>
  (await app.context.backends.dynamo.get<PostRecord>('Posts', { post_id }))?.views_count ?? Number.NaN

/** Addresses of as many subscribers. */
export const addresses = (count: number, from = 0): string[] =>
  Array.from(
    { length: count },
    (_, at) => `203.${(from + at) >> 16}.${((from + at) >> 8) & 255}.${(from + at) & 255}`,
  )
