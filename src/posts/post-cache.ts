import type { Cache } from '../infra/cache/cache.ts'
import { dropping } from '../infra/cache/dropping.ts'
import type { PostRecord } from './post.ts'
import type { AuthorHead, PostStore } from './post-store.ts'

/** The post store behind the cache: `post:{id}`, and the newest of each author's posts, `user_posts:{id}`. */
export const cachedPosts = (store: PostStore, cache: Cache): PostStore => {
  const byId = cache.of<string, PostRecord>('post', {
    ttlSeconds: 3600,
    load: ids => store.getMany(ids),
    // Views are counted beside the record: it is not dropped for each of them.
    essence: ({ views_count: _, ...post }) => post,
  })
  const heads = cache.of<string, AuthorHead>('user_posts', { ttlSeconds: 3600, load: store.heads })

  const dropBoth = <T>(post: PostRecord, write: Promise<T>) =>
    heads.dropAfter(post.user_id, byId.dropAfter(post.post_id, write))

  return {
    get: byId.get,
    getMany: byId.getMany,
    create: (post, also) => dropBoth(post, store.create(post, also)),
    update: (post, changes, also) => dropBoth(post, store.update(post, changes, also)),
    remove: (post, also) => dropBoth(post, store.remove(post, also)),
    counting: (postId, by, viewerId) => dropping(byId, postId, store.counting(postId, by, viewerId)),
    heads: heads.getMany,

    async byAuthor(userId, which, limit, after) {
      const head = await heads.get(userId)
      const rows = head?.rows ?? []
      const last = rows.at(-1)?.post_id
      const listed = rows.filter(row => which === 'all' || row.is_public)
      const here = listed.filter(row => after === undefined || row.post_id < after).map(row => row.post_id)
      if (here.length > limit) return { postIds: here.slice(0, limit), more: true }
      if (!head?.more || last === undefined) return { postIds: here, more: false }
      // The rest lies behind the head; where nothing of it was in there, behind the cursor.
      const from = after !== undefined && after < last ? after : last
      if (here.length === limit) return { postIds: here, more: true }
      const rest = await store.byAuthor(userId, which, limit - here.length, from)
      return { postIds: [...here, ...rest.postIds], more: rest.more }
    },

    publicSince: store.publicSince,
    clearUp: (userId, postId) => heads.dropAfter(userId, store.clearUp(userId, postId)),
    hiddenFrom: store.hiddenFrom,
    invalidate: async (userId, postId) => {
      await Promise.all([byId.drop(postId), heads.drop(userId)])
    },
  }
}
