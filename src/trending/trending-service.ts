import type { PostRecord } from '../posts/post.ts'
import type { PostService } from '../posts/post-service.ts'
import type { TrendBoard } from './trend-board.ts'

export interface TrendingService {
  /** The public posts that trend over the last hours, at most `limit`, best first. */
  list(timeframeHours: number, limit: number): Promise<PostRecord[]>
}

interface Parts {
  board: Pick<TrendBoard, 'ranked'>
  posts: Pick<PostService, 'visible'>
}

export const createTrendingService = ({ board, posts }: Parts): TrendingService => ({
  async list(timeframeHours, limit) {
    const ranked = await board.ranked(timeframeHours)
    // Some are private or gone by now. Twice as many as are wanted are nearly always enough.
    const [first, rest] = [ranked.slice(0, 2 * limit), ranked.slice(2 * limit)]
    const found = await posts.visible(null, first)
    if (found.length < limit && rest.length > 0) found.push(...(await posts.visible(null, rest)))
    return found.slice(0, limit)
  },
})
