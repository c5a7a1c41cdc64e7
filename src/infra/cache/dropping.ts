import type { Write } from '../dynamo/write.ts'
import type { Cached } from './cache.ts'

/**
 * A write that drops the cached record it changes once its transaction is over, whoever commits it. It drops it
 * before, too: when the process dies between the transaction and the drop, no old value is left in the cache.
 */
export const dropping = <Id extends string, V>(cached: Cached<Id, V>, id: Id, write: Write): Write => ({
  item: write.item,
  async before() {
    // One that fails is owed, and this instance reads past the cache until it is delivered.
    await Promise.all([write.before?.(), cached.drop(id).catch(() => {})])
  },
  async settled(committed) {
    await cached.dropAfter(id, Promise.resolve(write.settled?.(committed)))
  },
})

/** The same for writes that a store commits itself: one drop before and one after. */
export const droppingAround = async <Id extends string, V, T>(
  cached: Cached<Id, V>,
  id: Id,
  write: () => Promise<T>,
): Promise<T> => {
  await cached.drop(id).catch(() => {})
  return cached.dropAfter(id, write())
}
