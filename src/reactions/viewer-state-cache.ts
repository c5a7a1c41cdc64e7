import type { Cache } from '../infra/cache/cache.ts'
import { droppingAround } from '../infra/cache/dropping.ts'
import type { ViewerState, ViewerStates } from '../posts/post-views.ts'
import type { ReactionStore } from './reaction-store.ts'
import type { ShareStore } from './share-store.ts'

interface Key {
  user_id: string
  post_id: string
}

type StateId = `${string}:${string}`

const idOf = ({ user_id, post_id }: Key): StateId => `${user_id}:${post_id}`

const keyOf = (id: StateId): Key => {
  const [user_id = '', post_id = ''] = id.split(':')
  return { user_id, post_id }
}

/**
 * What each viewer did to each post, behind the cache: `viewer_state:{user_id}:{post_id}`. Most viewers did nothing
 * to most posts, and that too is a value, so that it is kept as long as any other. Every write of a reaction or a
 * share drops it: the two stores that come back are to be used in the place of those that came in.
 */
export const cachedViewerStates = (reactions: ReactionStore, shares: ShareStore, cache: Cache) => {
  const byId = cache.of<StateId, ViewerState>('viewer_state', {
    ttlSeconds: 3600,
    async load(ids) {
      const keys = ids.map(keyOf)
      // In one turn: together they are one request.
      const [reacted, shared] = await Promise.all([reactions.getMany(keys), shares.getMany(keys)])
      const types = new Map(reacted.map(row => [idOf(row), row.like_type]))
      const sharedIds = new Set(shared.map(idOf))
      return new Map(
        ids.map(id => [id, { like_type: types.get(id) ?? null, shared: sharedIds.has(id) }] as const),
      )
    },
  })

  const around = <T>(key: Key, write: () => Promise<T>) => droppingAround(byId, idOf(key), write)

  const states: ViewerStates = {
    async of({ user_id }, postIds) {
      const found = await byId.getMany(postIds.map(post_id => idOf({ user_id, post_id })))
      const before = `${user_id}:`.length
      return new Map([...found].map(([id, state]) => [id.slice(before), state]))
    },
  }

  const reactionStore: ReactionStore = {
    get: reactions.get,
    getMany: reactions.getMany,
    add: (reaction, counts) => around(reaction, () => reactions.add(reaction, counts)),
    retype: (reaction, to, counts) => around(reaction, () => reactions.retype(reaction, to, counts)),
    remove: (reaction, counts) => around(reaction, () => reactions.remove(reaction, counts)),
    ofPost: reactions.ofPost,
    ofUser: reactions.ofUser,
    clear: reactions.clear,
  }

  const shareStore: ShareStore = {
    getMany: shares.getMany,
    add: (key, counts) => around(key, () => shares.add(key, counts)),
    remove: (key, counts) => around(key, () => shares.remove(key, counts)),
    clear: shares.clear,
  }

  return { states, reactions: reactionStore, shares: shareStore }
}
