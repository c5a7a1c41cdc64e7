import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { type: 'minor' }) => void

/** V8's own way to it: `gc` is in each context that is made while the flag is set. */
const exposed = (): Collect => {
  setFlagsFromString('--expose-gc')
  const collect: Collect = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return collect
}

/** V8 marks its whole heap for every 64 MiB that lie outside of it; each time before that the young ones are let go. */
const AFTER = 24 * 1024 * 1024

let collect: Collect | undefined
let waiting = 0

/**
 * Told of the bytes of a stream that have passed. Node reads each chunk into a buffer of its own outside of V8's heap,
 * and V8 answers many of those with a marking of the whole heap, though a look at the youngest objects frees them all:
 * that is had here in time, for a millisecond or two. Half of an upload's CPU time went there (docs/adr/0019).
 */
export const buffersPassed = (bytes: number): void => {
  waiting += bytes
  if (waiting < AFTER) return
  waiting = 0
  collect ??= exposed()
  collect({ type: 'minor' })
}
