/**
 * The small port behind which the shared fast store lives. Every key stands alone: no command spans two
 * keys, so that a clustered Redis serves it. Any call may reject when the store is away; a call that
 * rejected may still have landed.
 */
export interface KeyValue {
  readonly kind: 'redis' | 'memory'
  /** The values in the order of `keys`; null where a key is absent or expired. */
  getMany(keys: readonly string[]): Promise<(string | null)[]>
  /** Replaces whatever stands there. `ttlMs`: milliseconds, one at least. */
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** True when nothing stood there and the value stands now; false, and nothing changed, otherwise. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>
  /**
   * Atomically adds `by` to the whole number at the key, or to `floor` where that is more or there is no number; what
   * comes out stands there for `ttlMs` and is returned. With `by` of 0 it only makes sure of the floor.
   */
  increment(key: string, by: number, floor: number, ttlMs: number): Promise<number>
  ping(): Promise<void>
  /** Afterwards every command rejects. */
  close(): Promise<void>
}
