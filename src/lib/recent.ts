/** A map that holds the entries that were set last, and no more than `most` of them. */
export interface Recent<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

export const createRecent = <V>(most: number): Recent<V> => {
  // A Map iterates in insertion order: what is set anew goes to its end.
  const entries = new Map<string, V>()
  return {
    get: key => entries.get(key),
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      const [oldest] = entries.keys()
      if (entries.size > most && oldest !== undefined) entries.delete(oldest)
    },
  }
}
