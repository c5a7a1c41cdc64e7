import type { Cursors } from '../lib/cursors.ts'
import type { Paging } from '../lib/fields.ts'
import type { PostRecord } from './post.ts'
import type { PostService } from './post-service.ts'
import { intersect } from './tag-intersection.ts'
import type { TagStore } from './tag-store.ts'

export interface TaggedPosts {
  /**
   * The public posts that carry all of the tags (as the schema of a tag leaves them), newest first. Where posts with
   * all of them are rare a page may be short, and yet have a cursor.
   */
  list(tags: readonly string[], page: Paging): Promise<{ posts: PostRecord[]; next_cursor: string | null }>
}

interface Parts {
  store: Pick<TagStore, 'read'>
  posts: PostService
  cursors: Cursors
}

export const createTaggedPosts = ({ store, posts, cursors }: Parts): TaggedPosts => ({
  async list(tags, { limit, cursor }) {
    const list = `posts/tagged/${tags.toSorted().join()}`
    const { postIds, below } = await intersect(tags, store.read, { limit, below: cursors.read(list, cursor) })
    // A post may have changed since its rows were read.
    const found = (await posts.visible(null, postIds)).filter(post =>
      tags.every(tag => post.tags.includes(tag)),
    )
    return { posts: found, next_cursor: cursors.write(list, below) }
  },
})
