import type { KeyValue } from './key-value.ts'

interface MemoryOptions {
  /** How many entries are kept; past it the least recently used goes. */
  maxEntries?: number
  /** Milliseconds on a clock that never goes back. */
  now?: () => number
}

interface Entry {
  value: string
  expiresAt: number
}

/** The key-value port inside the process: for one instance that runs without Redis, and for tests. */
export const createMemoryKeyValue = (options: MemoryOptions = {}): KeyValue => {
  const { maxEntries = 10_000, now = () => performance.now() } = options
  // A Map iterates in insertion order: putting an entry back on every use keeps the least recent one first.
  const entries = new Map<string, Entry>()
  let closed = false

  const open = () => {
    if (closed) throw new Error('the key-value store is closed')
  }

  const read = (key: string): string | null => {
    const entry = entries.get(key)
    if (!entry) return null
    entries.delete(key)
    if (entry.expiresAt <= now()) return null
    entries.set(key, entry)
    return entry.value
  }

  const write = (key: string, value: string, ttlMs: number) => {
    entries.delete(key)
    entries.set(key, { value, expiresAt: now() + Math.max(1, Math.round(ttlMs)) })
    if (entries.size <= maxEntries) return
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }

  return {
    kind: 'memory',
    async getMany(keys) {
      open()
      return keys.map(read)
    },
    async set(key, value, ttlMs) {
      open()
      write(key, value, ttlMs)
    },
    async setIfAbsent(key, value, ttlMs) {
      open()
      if (read(key) !== null) return false
      write(key, value, ttlMs)
      return true
    },
    async increment(key, by, floor, ttlMs) {
      open()
      const sum = Math.max(Number(read(key)) || 0, floor) + by
      write(key, String(sum), ttlMs)
      return sum
    },
    async ping() {
      open()
    },
    async close() {
      closed = true
      entries.clear()
    },
  }
}
