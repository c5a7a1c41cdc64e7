import type { z } from 'zod'
import type { Viewer } from '../http/viewer.ts'
import { publicPart, selfView, type User, type UserRecord } from './user.ts'
import type { UserService } from './user-service.ts'

/** How a viewer and somebody else stand to each other. */
interface Relation {
  following: boolean
  followed_by: boolean
}

/** Comes from the feature that keeps who follows whom. */
export interface Relations {
  /** One for each user. */
  between(viewer: Viewer, userIds: readonly string[]): Promise<ReadonlyMap<string, Relation>>
}

/** Users as a viewer gets to see them. */
export interface UserViews {
  /** 404 */
  one(viewer: Viewer | null, userId: string): Promise<z.infer<typeof User>>
  /** Those that exist, in the order of their ids, in a fixed number of requests. */
  many(viewer: Viewer | null, userIds: readonly string[]): Promise<z.infer<typeof User>[]>
}

const STRANGERS: Relation = { following: false, followed_by: false }

export const createUserViews = (users: UserService, relations: Relations): UserViews => {
  const view = (viewer: Viewer | null, user: UserRecord, relation: Relation | undefined) => {
    if (viewer?.user_id === user.user_id) return selfView(user)
    const counts = { ...publicPart(user), posts_count: user.public_posts_count }
    return viewer ? { ...counts, viewer: relation ?? STRANGERS } : counts
  }

  const between = async (viewer: Viewer | null, userIds: readonly string[]) =>
    viewer && relations.between(viewer, userIds)

  return {
    async one(viewer, userId) {
      const [user, relation] = await Promise.all([users.get(userId), between(viewer, [userId])])
      return view(viewer, user, relation?.get(userId))
    },

    async many(viewer, userIds) {
      const [found, relation] = await Promise.all([users.getMany(userIds), between(viewer, userIds)])
      return userIds.flatMap(id => {
        const user = found.get(id)
        return user ? [view(viewer, user, relation?.get(id))] : []
      })
    },
  }
}
