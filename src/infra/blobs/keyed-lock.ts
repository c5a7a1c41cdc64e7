/** Runs one piece of work at a time for each key, in the order of the calls. */
export type KeyedLock = <T>(key: string, work: () => Promise<T>) => Promise<T>

export const createKeyedLock = (): KeyedLock => {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work)
    const tail = turn.catch(() => {})
    tails.set(key, tail)
    try {
      return await turn
    } finally {
      if (tails.get(key) === tail) tails.delete(key)
    }
  }
}
