import type { Cache } from '../infra/cache/cache.ts'
import { dropping } from '../infra/cache/dropping.ts'
import type { FeedHead, FeedStore } from './feed-store.ts'

/** The feed store behind the cache: `user_feed:{id}`, what a feed begins with. */
export const cachedFeeds = (store: FeedStore, cache: Cache): FeedStore => {
  const heads = cache.of<string, FeedHead>('user_feed', { ttlSeconds: 3600, load: store.heads })
  return {
    heads: heads.getMany,
    rows: store.rows,
    spread: (readerIds, row) => heads.dropAfter(readerIds, store.spread(readerIds, row)),
    fill: (readerId, rows) => heads.dropAfter(readerId, store.fill(readerId, rows)),
    raise: (readerId, horizon) => heads.dropAfter(readerId, store.raise(readerId, horizon)),
    trim: readerId => heads.dropAfter(readerId, store.trim(readerId)),
    removeRow: (readerId, postId, unless) =>
      heads.dropAfter(readerId, store.removeRow(readerId, postId, unless)),
    removeMark: (readerId, authorId, unless) =>
      heads.dropAfter(readerId, store.removeMark(readerId, authorId, unless)),
    pulling: (readerId, authorId, followId) =>
      dropping(heads, readerId, store.pulling(readerId, authorId, followId)),
    notPulling: (readerId, authorId) => dropping(heads, readerId, store.notPulling(readerId, authorId)),
    settle: (readerId, authorId, followId, unless) =>
      heads.dropAfter(readerId, store.settle(readerId, authorId, followId, unless)),
    pullingFor: (edges, authorId) =>
      heads.dropAfter(
        edges.map(edge => edge.follower_id),
        store.pullingFor(edges, authorId),
      ),
  }
}
