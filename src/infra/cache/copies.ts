export interface Copy {
  value: string | null
  /** When it ends by itself, on the clock of `now`. */
  until: number
}

/** About what a copy takes beside its characters. */
const OVERHEAD = 100
const sizeOf = (key: string, { value }: Copy) => OVERHEAD + key.length + (value?.length ?? 0)

/** The copies, the oldest of which go when there are too many. */
export const createCopies = (room: number) => {
  const byKey = new Map<string, Copy>()
  let taken = 0

  const forget = (key: string) => {
    const copy = byKey.get(key)
    if (copy && byKey.delete(key)) taken -= sizeOf(key, copy)
  }

  return {
    get: (key: string) => byKey.get(key),
    forget,
    put(key: string, copy: Copy) {
      forget(key)
      byKey.set(key, copy)
      taken += sizeOf(key, copy)
      for (const oldest of byKey.keys()) {
        if (taken <= room) return
        forget(oldest)
      }
    },
    clear() {
      byKey.clear()
      taken = 0
    },
  }
}
