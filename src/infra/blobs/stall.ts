interface Watched {
  /** Milliseconds without progress that are too many; it is noticed after twice as many at the latest. */
  within: number
  /** Whether it is for the other side to do something now. */
  owed: () => boolean
  /** Grows with everything that the other side does. */
  progress: () => number
  stalled: () => void
}

/**
 * A time limit for streams, whose length nobody knows: not on the whole, but on how long the other side may do
 * nothing while it could. That our own side is slow does not count.
 * @returns what ends the watch
 */
export const watchForStall = ({ within, owed, progress, stalled }: Watched): (() => void) => {
  let seen: number | undefined
  const timer = setInterval(() => {
    const now = owed() ? progress() : undefined
    if (now !== undefined && now === seen) {
      clearInterval(timer)
      stalled()
    }
    seen = now
  }, within).unref()
  return () => clearInterval(timer)
}
