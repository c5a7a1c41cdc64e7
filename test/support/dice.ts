export interface Dice {
  /** From 0 up to, not including, 1. */
  roll(): number
  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number
  /** One of a list; undefined of an empty one. */
  pick<T>(list: readonly T[]): T | undefined
}

/** Random numbers that come again with the same seed (mulberry32: fast, and good enough for choosing). */
export const createDice = (seed: number): Dice => {
  let state = seed >>> 0
  const roll = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(roll() * count)
  return { roll, below, pick: list => list[below(list.length)] }
}
