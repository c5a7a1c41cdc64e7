/** What is here at the moment, of things that come and go thousands of times a second. */
export interface Present<T> {
  /** @returns a function that takes it out again, to be called once */
  add(thing: T): () => void
  all(): T[]
}

/**
 * Not a Set: a small one is rebuilt every few additions, and V8 leaves each old table with a reference to the next. Once
 * one of them has outlived two minor collections, everything that ever comes in survives until a major one: that was
 * a tenth of a request's CPU time, and half of its p99 (docs/adr/0019).
 */
export const createPresent = <T>(): Present<T> => {
  const places: (T | undefined)[] = []
  const free: number[] = []
  return {
    add(thing) {
      const place = free.pop() ?? places.length
      places[place] = thing
      return () => {
        places[place] = undefined
        free.push(place)
      }
    },
    all: () => places.filter(thing => thing !== undefined),
  }
}
