import type { Cache } from '../infra/cache/cache.ts'
import { dropping, droppingAround } from '../infra/cache/dropping.ts'
import type { UserRecord } from './user.ts'
import type { UserStore } from './user-store.ts'

/** The user store behind the cache: `user:{id}`. */
export const cachedUsers = (store: UserStore, cache: Cache): UserStore => {
  const byId = cache.of<string, UserRecord>('user', { ttlSeconds: 3600, load: ids => store.getMany(ids) })
  return {
    get: byId.get,
    getMany: byId.getMany,
    update: (userId, changes) => droppingAround(byId, userId, () => store.update(userId, changes)),
    creation: user => dropping(byId, user.user_id, store.creation(user)),
    invalidate: userId => byId.drop(userId),
    counting: (userId, by, expected) => dropping(byId, userId, store.counting(userId, by, expected)),
    turning: userId => dropping(byId, userId, store.turning(userId)),
    turned: userId => byId.dropAfter(userId, store.turned(userId)),
    notTurning: store.notTurning,
  }
}
