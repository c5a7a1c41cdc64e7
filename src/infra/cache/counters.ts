import type { KeyValue } from './key-value.ts'

/**
 * Numbers that only grow, shared by all instances. The store may lose them at any time, so whoever counts brings along
 * the most that they know. Everything here rejects at once when the store is away.
 */
export interface Counters {
  /** Those that stand, by id, in one round trip. */
  getMany(ids: readonly string[]): Promise<Map<string, number>>
  /** Adds to what stands there, or to `floor` where that is more, and returns the sum. */
  increment(id: string, by: number, floor: number): Promise<number>
}

/** What may happen once within a time, for all instances together. */
export interface Marks {
  /** True for the first who asks; the others get false until the time is over. Rejects when the store is away. */
  set(id: string): Promise<boolean>
}

export const createCounters = (kv: KeyValue, key: (id: string) => string, ttlMs: number): Counters => ({
  async getMany(ids) {
    const found = await kv.getMany(ids.map(key))
    return new Map(
      ids.flatMap((id, at) => {
        const number = Number(found[at] ?? Number.NaN)
        return Number.isSafeInteger(number) ? [[id, number]] : []
      }),
    )
  },
  increment: (id, by, floor) => kv.increment(key(id), by, floor, ttlMs),
})

export const createMarks = (kv: KeyValue, key: (id: string) => string, ttlMs: number): Marks => ({
  set: id => kv.setIfAbsent(key(id), '1', ttlMs),
})
