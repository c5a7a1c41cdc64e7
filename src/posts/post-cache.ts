import type { Cache } from '../infra/cache/cache.ts'
import { dropping } from '../infra/cache/dropping.ts'
import type { PostRecord } from './post.ts'
import type { PostStore } from './post-store.ts'

/** The post store behind the cache: `post:{id}`. */
export const cachedPosts = (store: PostStore, cache: Cache): PostStore => {
  const byId = cache.of<string, PostRecord>('post', { ttlSeconds: 3600, load: ids => store.getMany(ids) })
  return {
    get: byId.get,
    getMany: byId.getMany,
    create: (post, also) => byId.dropAfter(post.post_id, store.create(post, also)),
    update: (post, changes, also) => byId.dropAfter(post.post_id, store.update(post, changes, also)),
    remove: (post, also) => byId.dropAfter(post.post_id, store.remove(post, also)),
    counting: (postId, by, viewerId) => dropping(byId, postId, store.counting(postId, by, viewerId)),
    byAuthor: store.byAuthor,
    clearUp: store.clearUp,
    invalidate: postId => byId.drop(postId),
  }
}
