import type { Counters } from '../infra/cache/cache.ts'
import { createRecent } from '../lib/recent.ts'
import type { PostRecord } from '../posts/post.ts'
import type { ViewCounts } from '../posts/post-views.ts'

/** For how long a count stands in the cache after the last view; longer than a cached post, which does not know it yet. */
export const VIEW_COUNT_SECONDS = 7200

const MOST_COUNTS = 10_000
const RAISED_AT_ONCE = 500

/**
 * What is shown of a post's views is the most that anybody knows: its record, which is told of views every few seconds
 * and may itself be cached for an hour, the count in the cache, and what this instance has shown before. Each of them
 * is at most what is true, so their maximum is too; and it does not go down when one of them gets lost.
 */
export interface ShownCounts extends ViewCounts {
  /** Counts one more view, and gives the number to show. */
  increment(post: PostRecord): Promise<number>
  /** Makes sure that the other instances know what this one has counted, also where the cache has lost it. */
  raise(postIds: readonly string[]): Promise<void>
}

export const createShownCounts = (counters: Counters): ShownCounts => {
  const shown = createRecent<number>(MOST_COUNTS)
  /** Those that the cache was not told of since it was away. The oldest go when there are too many. */
  const unraised = new Set<string>()

  const note = (postId: string, ...numbers: number[]) => {
    const most = Math.max(shown.get(postId) ?? 0, ...numbers)
    if (most > 0) shown.set(postId, most)
    return most
  }

  const raiseOne = async (postId: string) => {
    await counters.increment(postId, 0, shown.get(postId) ?? 0)
    unraised.delete(postId)
  }

  return {
    async of(posts) {
      const ids = posts.map(post => post.post_id)
      const counted = await counters.getMany(ids).catch(() => new Map<string, number>())
      return new Map(
        posts.map(({ post_id, views_count }) => [
          post_id,
          note(post_id, views_count, counted.get(post_id) ?? 0),
        ]),
      )
    },

    async increment({ post_id, views_count }) {
      const before = note(post_id, views_count)
      try {
        return note(post_id, await counters.increment(post_id, 1, before))
      } catch {
        return note(post_id, note(post_id) + 1)
      }
    },

    async raise(postIds) {
      for (const postId of postIds) unraised.add(postId)
      for (const postId of unraised) {
        if (unraised.size <= MOST_COUNTS) break
        unraised.delete(postId)
      }
      const all = [...unraised]
      // Those of one turn are written together. Where one fails, the others are left for the next time.
      for (let at = 0; at < all.length; at += RAISED_AT_ONCE) {
        const outcomes = await Promise.allSettled(all.slice(at, at + RAISED_AT_ONCE).map(raiseOne))
        if (outcomes.some(outcome => outcome.status === 'rejected')) return
      }
    },
  }
}
