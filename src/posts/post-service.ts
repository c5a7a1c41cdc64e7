import { setTimeout as sleep } from 'node:timers/promises'
import type { FileService } from '../files/file-service.ts'
import type { Viewer } from '../http/viewer.ts'
import type { Along, Write } from '../infra/dynamo/write.ts'
import type { Outbox } from '../infra/outbox/outbox.ts'
import type { Cursors } from '../lib/cursors.ts'
import { forbidden, notFound, Problem, unavailable } from '../lib/errors.ts'
import type { Paging } from '../lib/fields.ts'
import { newId } from '../lib/ids.ts'
import type { UserService } from '../users/user-service.ts'
import type { NewPost, PostChanges, PostCounts, PostRecord } from './post.ts'
import { postChanged, postPublished, postRemoved } from './post-jobs.ts'
import type { PostStore } from './post-store.ts'
import type { TagStore } from './tag-store.ts'

/** Some of a list, and whether there are more. Some may be of posts that are just gone. */
interface Ids {
  postIds: string[]
  more: boolean
}

export interface PostService {
  /** 422 when a file is not the author's own */
  create(viewer: Viewer, post: NewPost, along: Along<PostRecord>): Promise<PostRecord>
  /** 404 also when the viewer may not see it */
  get(viewer: Viewer | null, postId: string): Promise<PostRecord>
  /** Those of the posts that the viewer may see, in the order of their ids. */
  visible(viewer: Viewer | null, postIds: readonly string[]): Promise<PostRecord[]>
  /**
   * The write that moves a post's counts along with the rows that they count. Refused where the post is gone, and
   * with `viewer` also where they may not see it (any more).
   */
  counting(postId: string, by: PostCounts, viewer?: Viewer): Write
  /** Ids of the posts of an author that a viewer may see, newest first, from after the id `after`. */
  idsBy(viewer: Viewer, userId: string, limit: number, after: string | undefined): Promise<Ids>
  /** Ids of the public posts of an author that are newer than `since`, newest first. */
  publicSince(userId: string, since: string, limit: number): Promise<Ids>
  /** Refused as a write while the viewer may see the post. */
  hiddenFrom: PostStore['hiddenFrom']
  /** 403 when it is somebody else's */
  update(viewer: Viewer, postId: string, changes: PostChanges): Promise<PostRecord>
  /** 403 when it is somebody else's */
  remove(viewer: Viewer, postId: string): Promise<void>
  /** Newest first, as far as the viewer may see them. 404 when there is no such user */
  byAuthor(
    viewer: Viewer | null,
    userId: string,
    page: Paging,
  ): Promise<{ posts: PostRecord[]; next_cursor: string | null }>
}

/** Tries of a change when others change the same post at the same time. */
const TRIES = 5
/** Queries that one page may take when posts vanish while it is read. */
const ROUNDS = 5

const maySee = (viewer: Viewer | null, post: PostRecord) => post.is_public || post.user_id === viewer?.user_id

const isPublic = (post: Pick<PostRecord, 'is_public'>) => (post.is_public ? 1 : 0)

const notYours = (fileIds: readonly string[], foreign: readonly string[]) => {
  const message = 'is not a file of yours'
  const errors = fileIds.flatMap((id, at) =>
    foreign.includes(id) ? [{ pointer: `#/file_ids/${at}`, message }] : [],
  )
  return new Problem(422, 'validation_failed', 'Validation failed', 'There are no such files.', { errors })
}

interface Parts {
  store: PostStore
  tags: Pick<TagStore, 'moving'>
  files: FileService
  users: UserService
  outbox: Outbox
  cursors: Cursors
}

export const createPostService = (parts: Parts): PostService => {
  const { store, tags: tagRows, users, files, outbox, cursors } = parts
  const invalidate = async ({ user_id, post_id }: Pick<PostRecord, 'user_id' | 'post_id'>) => {
    await Promise.all([store.invalidate(user_id, post_id), users.invalidate(user_id)])
  }
  outbox.on(postChanged, invalidate)
  outbox.on(postRemoved, async post => {
    await store.clearUp(post.user_id, post.post_id)
    await invalidate(post)
  })

  /** What is to follow a write that leaves the post as it is here; `published` where it was not public before. */
  const following = ({ user_id, post_id }: PostRecord, published: boolean) => [
    outbox.entry(postChanged, { user_id, post_id }),
    ...(published ? [outbox.entry(postPublished, { user_id, post_id })] : []),
  ]

  const get = async (viewer: Viewer | null, postId: string) => {
    const post = await store.get(postId)
    if (!post || !maySee(viewer, post)) throw notFound('post')
    return post
  }

  const visible = async (viewer: Viewer | null, postIds: readonly string[]) => {
    const found = await store.getMany(postIds)
    return postIds.flatMap(id => found.get(id) ?? []).filter(post => maySee(viewer, post))
  }

  /** Does `change` to the post as it is now, again when somebody was faster; it says whether it went through. */
  const changing = async (viewer: Viewer, postId: string, change: (post: PostRecord) => Promise<boolean>) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const post = await get(viewer, postId)
      if (post.user_id !== viewer.user_id) throw forbidden('Only its author may change a post.')
      if (await change(post)) return
      await sleep(Math.random() * 20 * 2 ** attempt)
    }
    throw unavailable('This post is being changed by many at once.', 1)
  }

  return {
    get,
    idsBy: (viewer, userId, limit, after) =>
      store.byAuthor(userId, viewer.user_id === userId ? 'all' : 'public', limit, after),
    publicSince: store.publicSince,
    hiddenFrom: store.hiddenFrom,
    counting: (postId, by, viewer) => store.counting(postId, by, viewer?.user_id),

    visible,

    async create(viewer, { content, image_url, file_ids: named, tags, is_public }, along) {
      const file_ids = [...new Set(named)]
      const foreign = file_ids.length > 0 ? await files.notOwn(viewer, file_ids) : []
      if (foreign.length > 0) throw notYours(named, foreign)
      const now = new Date().toISOString()
      const post: PostRecord = {
        post_id: newId(),
        user_id: viewer.user_id,
        content,
        image_url: image_url ?? null,
        file_ids,
        tags,
        is_public,
        created_date: now,
        updated_date: now,
        likes_count: 0,
        like_count: 0,
        love_count: 0,
        laugh_count: 0,
        angry_count: 0,
        comments_count: 0,
        shares_count: 0,
        views_count: 0,
        version: 1,
      }
      const counts = users.counting(viewer.user_id, { posts_count: 1, public_posts_count: isPublic(post) })
      const also = [...tagRows.moving(null, post), ...following(post, is_public), ...(await along(post))]
      await store.create(post, [counts, ...also])
      return post
    },

    async update(viewer, postId, changes) {
      await changing(viewer, postId, post => {
        const { tags = post.tags, is_public = post.is_public } = changes
        const after = { ...post, tags, is_public }
        const by = isPublic(after) - isPublic(post)
        const counts = by === 0 ? [] : [users.counting(viewer.user_id, { public_posts_count: by })]
        return store.update(post, changes, [
          ...counts,
          ...tagRows.moving(post, after),
          ...following(post, by > 0),
        ])
      })
      return get(viewer, postId)
    },

    remove: (viewer, postId) =>
      changing(viewer, postId, post => {
        const counts = users.counting(viewer.user_id, {
          posts_count: -1,
          public_posts_count: -isPublic(post),
        })
        const { user_id, post_id } = post
        const removed = outbox.entry(postRemoved, { user_id, post_id })
        return store.remove(post, [counts, ...tagRows.moving(post, null), removed])
      }),

    async byAuthor(viewer, userId, { limit, cursor }) {
      await users.get(userId)
      const which = viewer?.user_id === userId ? 'all' : 'public'
      const list = `users/${userId}/posts/${which}`
      const posts: PostRecord[] = []
      let after = cursors.read(list, cursor)
      let more = true
      for (let round = 0; round < ROUNDS && more && posts.length < limit; round++) {
        const page = await store.byAuthor(userId, which, limit - posts.length, after)
        posts.push(...(await visible(viewer, page.postIds)))
        after = page.postIds.at(-1) ?? after
        more = page.more
      }
      return { posts, next_cursor: cursors.write(list, more && after !== undefined ? after : null) }
    },
  }
}
