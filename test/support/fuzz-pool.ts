const FEWEST = 8
const MOST = 200

/** Keeps the youngest. */
export const keep = <T>(list: T[], ...more: T[]) => {
  list.push(...more)
  list.splice(0, list.length - MOST)
}

export const at = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length]

export type Pool<T extends { user_id: string }> = ReturnType<typeof createPool<T>>

/** The things of one kind that requests can be about: those that are there, and those that were deleted. */
export const createPool = <T extends { user_id: string }>(idOf: (thing: T) => string) => {
  const there: T[] = []
  const gone: T[] = []
  return {
    there,
    few: () => there.length < FEWEST,
    /** One that is known already, or none, changes nothing. */
    add(thing: T | undefined) {
      if (thing && !there.some(one => idOf(one) === idOf(thing))) keep(there, thing)
    },
    /** They were deleted. */
    drop(which: (thing: T) => boolean) {
      const [dropped, left] = [there.filter(which), there.filter(thing => !which(thing))]
      keep(gone, ...dropped)
      there.splice(0, there.length, ...left)
    },
    /** Nobody can change them any more. */
    leave(userId: string) {
      const left = there.filter(thing => thing.user_id !== userId)
      there.splice(0, there.length, ...left)
    },
    pick: (pick: number, deleted: boolean) => at(deleted && gone.length > 0 ? gone : there, pick),
  }
}
