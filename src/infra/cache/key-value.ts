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
  ping(): Promise<void>
  /** Afterwards every command rejects. */
  close(): Promise<void>
}
