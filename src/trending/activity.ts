import type { Tally } from '../infra/dynamo/tally.ts'
import type { PostRecord } from '../posts/post.ts'
import { hourOf, LONGEST_TIMEFRAME } from './decay.ts'

/** What each is worth: the more somebody gives of themselves, the more it tells. */
const POINTS = { view: 1, like: 10, comment: 20, share: 30 }

type ActivityKind = keyof typeof POINTS
type Subject = Pick<PostRecord, 'post_id' | 'is_public'>

/** What happens to posts, for what trends. */
export interface Activity {
  /**
   * Counts something that has happened to a post, once it has happened; only public posts trend.
   * @param sign -1 when it was taken back
   * @param at when it happened first, in Unix milliseconds: what is taken back goes from that hour's points
   */
  record(post: Subject, kind: ActivityKind, sign?: 1 | -1, at?: number): void
}

const SEPARATOR = '/'

/** How a post's points of an hour are called in the tally. */
export const hourAndPost = (key: string): [hour: string, postId: string] => {
  const [hour = '', postId = ''] = key.split(SEPARATOR)
  return [hour, postId]
}

export const createActivity = (tally: Pick<Tally, 'add'>): Activity => ({
  record({ post_id, is_public }, kind, sign = 1, at = Date.now()) {
    if (!is_public) return
    // Nobody asks for what is older, and it has been deleted.
    if (Date.now() - at > LONGEST_TIMEFRAME * 3_600_000) return
    tally.add(`${hourOf(at)}${SEPARATOR}${post_id}`, sign * POINTS[kind])
  },
})
