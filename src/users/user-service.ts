import type { z } from 'zod'
import type { Viewer } from '../http/viewer.ts'
import type { Write } from '../infra/dynamo/write.ts'
import { notFound } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { type Author, type ProfileChanges, type SelfUser, selfView, type UserRecord } from './user.ts'
import type { UserStore } from './user-store.ts'

export interface UserService {
  /** A new user with its id, and the write that makes it, for the transaction of its credentials. */
  create(email: string, name: string): { user: UserRecord; write: Write }
  self(viewer: Pick<Viewer, 'user_id'>): Promise<z.infer<typeof SelfUser>>
  /** 404 when there is no such user. */
  get(userId: string): Promise<UserRecord>
  /** Those that exist, by id. */
  getMany(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>
  update(viewer: Viewer, changes: ProfileChanges): Promise<z.infer<typeof SelfUser>>
  /** Names for many rows at once. Who has been deleted is left out. */
  authors(userIds: readonly string[]): Promise<ReadonlyMap<string, z.infer<typeof Author>>>
  /** The write that moves a user's counts along with the rows that they count. */
  counting: UserStore['counting']
  /** How an author's posts come to reach their followers another way. */
  turning: UserStore['turning']
  turned: UserStore['turned']
  notTurning: UserStore['notTurning']
  /** Makes sure that no cache holds what was true earlier. */
  invalidate: UserStore['invalidate']
}

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

    get: find,
    getMany: store.getMany,

    async update(viewer, changes) {
      if (!(await store.update(viewer.user_id, changes))) throw notFound('user')
      return selfView(await find(viewer.user_id))
    },

    async authors(userIds) {
      const users = await store.getMany([...new Set(userIds)])
      return new Map([...users].map(([userId, { name }]) => [userId, { user_id: userId, name }]))
    },

    counting: store.counting,
    turning: store.turning,
    turned: store.turned,
    notTurning: store.notTurning,
    invalidate: store.invalidate,
  }
}
