import type { Write } from '../dynamo/write.ts'
import type { Cached } from './cache.ts'

/** A write that drops the cached record it changes once its transaction is over, whoever commits it. */
export const dropping = <Id extends string, V>(cached: Cached<Id, V>, id: Id, write: Write): Write => ({
  item: write.item,
  async settled(committed) {
    await cached.dropAfter(id, Promise.resolve(write.settled?.(committed)))
  },
})
