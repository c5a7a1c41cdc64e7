import type { Cache } from '../infra/cache/cache.ts'
import { dropping } from '../infra/cache/dropping.ts'
import type { Write } from '../infra/dynamo/write.ts'
import type { Edge } from './follow.ts'
import { type FollowState, type FollowStore, type Pair, pairOf } from './follow-store.ts'

/** The follow store behind the cache: `follow:{follower}:{followee}`, also where there is no such edge. */
export const cachedFollows = (store: FollowStore, cache: Cache): FollowStore => {
  const byPair = cache.of<Pair, FollowState>('follow', { ttlSeconds: 3600, load: store.states })
  const changing = (edge: Edge, [first, ...rest]: Write[]) =>
    first ? [dropping(byPair, pairOf(edge), first), ...rest] : []
  return {
    states: byPair.getMany,
    current: store.current,
    adding: edge => changing(edge, store.adding(edge)),
    removing: edge => changing(edge, store.removing(edge)),
    absent: store.absent,
    newest: store.newest,
    inOrder: store.inOrder,
  }
}
