import { randomUUID } from 'node:crypto'

/**
 * How long a drop keeps fills away, in milliseconds. Loads are trusted for half of it, so a fill that passes
 * has the other half for its way to the store.
 */
export const TOMBSTONE_MS = 5_000
export const LOAD_LIMIT_MS = TOMBSTONE_MS / 2

/** How long "does not exist" is remembered, in milliseconds. */
export const NEGATIVE_MS = 10_000
export const NEGATIVE = 'n'

export const encodeValue = (value: unknown) => `v${JSON.stringify(value)}`

/** Every tombstone is a new one: the nonce tells a reader which write's tombstone it saw. */
export const newTombstone = (): Tombstone => `t${randomUUID()}`

type Tombstone = `t${string}`

/** What stood in the place of an answer: nothing, this very tombstone, or no telling (the store is away). */
export type Mark = 'absent' | 'unknown' | Tombstone

/** What a reader saw of a key: the answer (null: does not exist), or why there is none. */
export type Seen<V> = { answer: V | null } | { mark: Mark }

const isTombstone = (entry: string): entry is Tombstone => entry.startsWith('t')

const parse = <V>(json: string): Seen<V> => {
  try {
    return { answer: JSON.parse(json) }
  } catch {
    // Not ours, or damaged: read past it until it expires.
    return { mark: 'unknown' }
  }
}

/** Reads an entry of the store: `v` and JSON, `n` for a negative, `t` and a nonce, or null for none. */
export const decode = <V>(entry: string | null): Seen<V> => {
  if (entry === null) return { mark: 'absent' }
  if (entry === NEGATIVE) return { answer: null }
  if (isTombstone(entry)) return { mark: entry }
  return entry.startsWith('v') ? parse(entry.slice(1)) : { mark: 'unknown' }
}
