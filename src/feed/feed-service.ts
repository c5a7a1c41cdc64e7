import pLimit from 'p-limit'
import type { FollowService } from '../follows/follow-service.ts'
import type { Viewer } from '../http/viewer.ts'
import type { Cursors } from '../lib/cursors.ts'
import type { Paging } from '../lib/fields.ts'
import type { PostRecord } from '../posts/post.ts'
import type { PostService } from '../posts/post-service.ts'
import type { FeedSources } from './feed-sources.ts'
import type { FeedRow, FeedStore } from './feed-store.ts'

export interface FeedService {
  /** Posts of those whom the viewer follows and their own, newest first. */
  page(viewer: Viewer, page: Paging): Promise<{ posts: PostRecord[]; next_cursor: string | null }>
}

interface Parts {
  store: FeedStore
  sources: FeedSources
  follows: FollowService
  posts: PostService
  cursors: Cursors
}

/** Rounds that one page may take where much of what it finds is hidden, each of them wider than the last one. */
const ROUNDS = 4
const WIDER = 4
const WIDEST = 400
/** Rows that are found to be of no use any more and taken away by one page, and how many of them at once. */
const MOST_REMOVED = 100
const REMOVED_AT_ONCE = 8

export const createFeedService = (parts: Parts): FeedService => {
  const { store, sources, follows, posts, cursors } = parts

  /**
   * Takes rows away that nobody will see again. Whether that is so is asked once more, by a condition in the same
   * transaction: a post that was shown again, or an author who was followed again, keeps its row.
   */
  const prune = async (reader: Viewer, hidden: readonly FeedRow[], left: readonly FeedRow[]) => {
    if (hidden.length === 0 && left.length === 0) return
    const limit = pLimit(REMOVED_AT_ONCE)
    const self = reader.user_id
    const authors = [...new Set(left.map(row => row.author_id))]
    const removals = [
      ...hidden.map(row => () => store.removeRow(self, row.post_id, posts.hiddenFrom(row.post_id, self))),
      ...authors.map(author => () => store.removeMark(self, author, follows.absent(self, author))),
      ...left.map(row => () => store.removeRow(self, row.post_id, follows.absent(self, row.author_id))),
    ]
    await Promise.all(removals.slice(0, MOST_REMOVED).map(removal => limit(removal)))
  }

  /** Those of the candidates that the viewer is to see. */
  const shown = async (viewer: Viewer, candidates: readonly FeedRow[]) => {
    const authors = new Set(candidates.map(row => row.author_id))
    authors.delete(viewer.user_id)
    const [visible, followed] = await Promise.all([
      posts.visible(
        viewer,
        candidates.map(row => row.post_id),
      ),
      follows.followed(viewer.user_id, [...authors]),
    ])
    const byId = new Map(visible.map(post => [post.post_id, post]))
    const mine = (row: FeedRow) => row.author_id === viewer.user_id || followed.has(row.author_id)
    const others = candidates.filter(row => row.author_id !== viewer.user_id)
    await prune(
      viewer,
      others.filter(row => mine(row) && !byId.has(row.post_id)),
      others.filter(row => !mine(row)),
    )
    return candidates.filter(mine).flatMap(row => byId.get(row.post_id) ?? [])
  }

  return {
    async page(viewer, { limit, cursor }) {
      const list = `feed/${viewer.user_id}`
      const found: PostRecord[] = []
      let before = cursors.read(list, cursor)
      let more = true
      let count = limit
      for (let round = 0; round < ROUNDS && more && found.length < limit; round++) {
        const candidates = await sources.next(viewer, before, count)
        found.push(...(await shown(viewer, candidates.entries)))
        before = candidates.entries.at(-1)?.post_id ?? before
        more = candidates.more && candidates.entries.length > 0
        count = Math.min(count * WIDER, WIDEST)
      }
      const page = found.slice(0, limit)
      // A wide round may have found more than fits: the next page begins with that.
      const cut = found.length > limit ? page.at(-1)?.post_id : before
      const going = found.length > limit || more
      return { posts: page, next_cursor: cursors.write(list, going && cut !== undefined ? cut : null) }
    },
  }
}
