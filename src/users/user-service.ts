import type { z } from 'zod'
import type { Viewer } from '../http/viewer.ts'
import type { Write } from '../infra/dynamo/write.ts'
import { notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import type { Author, ProfileChanges, SelfUser, User, UserRecord } from './user.ts'
import type { UserStore } from './user-store.ts'

export interface UserService {
  /** A new user with its id, and the write that makes it, for the transaction of its credentials. */
  create(email: string, name: string): { user: UserRecord; write: Write }
  self(viewer: Pick<Viewer, 'user_id'>): Promise<z.infer<typeof SelfUser>>
  /** As this viewer may see them. 404 */
  view(viewer: Viewer | null, userId: string): Promise<z.infer<typeof User>>
  update(viewer: Viewer, changes: ProfileChanges): Promise<z.infer<typeof SelfUser>>
  /** 404 when there is no such user. */
  mustExist(userId: string): Promise<void>
  /** Names for many rows at once. Who has been deleted is left out. */
  authors(userIds: readonly string[]): Promise<ReadonlyMap<string, z.infer<typeof Author>>>
  /** The write that moves a user's counts along with the rows that they count. */
  counting: UserStore['counting']
  /** Makes sure that no cache holds what was true earlier. */
  invalidate: UserStore['invalidate']
}

/** What is shown to everybody. */
const common = (user: UserRecord) => ({
  user_id: user.user_id,
  name: user.name,
  profile_info: user.profile_info,
  created_date: user.created_date,
  followers_count: user.followers_count,
  following_count: user.following_count,
})

/** A user as they see themselves. */
export const selfView = (user: UserRecord): z.infer<typeof SelfUser> => ({
  ...common(user),
  email: user.email,
  posts_count: user.posts_count,
})

export const createUserService = (store: UserStore): UserService => {
  const find = async (userId: string) => {
    const user = await store.get(userId)
    if (!user) throw notFound('user')
    return user
  }

  return {
    create(email, name) {
      const user: UserRecord = {
        user_id: newId(),
        email,
        name,
        profile_info: {},
        created_date: new Date().toISOString(),
        followers_count: 0,
        following_count: 0,
        posts_count: 0,
        public_posts_count: 0,
      }
      return { user, write: store.creation(user) }
    },

    self: async viewer => selfView(await find(viewer.user_id)),

    async view(viewer, userId) {
      const user = await find(userId)
      if (viewer?.user_id === userId) return selfView(user)
      return {
        ...common(user),
        posts_count: user.public_posts_count,
        // Nobody can follow anybody yet.
        ...(viewer && { viewer: { following: false, followed_by: false } }),
      }
    },

    async update(viewer, changes) {
      if (!(await store.update(viewer.user_id, changes))) throw notFound('user')
      return selfView(await find(viewer.user_id))
    },

    mustExist: async userId => void (await find(userId)),

    async authors(userIds) {
      const users = await store.getMany([...new Set(userIds)])
      return new Map([...users].map(([userId, { name }]) => [userId, { user_id: userId, name }]))
    },

    counting: store.counting,
    invalidate: store.invalidate,
  }
}
