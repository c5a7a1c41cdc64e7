/**
 * What a value that one client writes may be read as, when some of its writes have been answered by "perhaps": a write
 * that nobody has acknowledged is there or not, and one that has been overtaken by another never comes back.
 */
export interface Register<V> {
  /** A write was acknowledged. */
  written(value: V): void
  /** A write was begun, and it is not known whether it has been done, or will be. */
  perhaps(value: V): void
  /** Whether this may be read now. From then on nothing older may. */
  read(value: V): boolean
}

export const createRegister = <V>(first: V): Register<V> => {
  let sure = first
  let possible: V[] = []
  return {
    written(value) {
      sure = value
      possible = []
    },
    perhaps: value => void possible.push(value),
    read(value) {
      if (value === sure) return true
      const at = possible.indexOf(value)
      if (at < 0) return false
      sure = value
      possible = possible.slice(at + 1)
      return true
    },
  }
}
