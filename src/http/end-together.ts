import type { ServerResponse } from 'node:http'
import { withoutDeadline } from '../lib/deadline.ts'

let ending: { res: ServerResponse; body: string | undefined }[] = []

/** Ends at once what waits for the end of the turn. */
export const endWaiting = (): void => {
  const all = ending
  ending = []
  for (const { res, body } of all) {
    try {
      res.end(body)
    } catch (error) {
      res.destroy(error as Error)
    }
  }
}

/**
 * Ends a reply, together with all others of this turn of the event loop. Written one by one, in the midst of the work on
 * the next, each wakes up its client at once, whose next request comes alone: every turn then has one request, and costs
 * as much as one of fifty. That was half of the CPU time of a small reply (docs/adr/0019).
 */
export const endTogether = (res: ServerResponse, body?: string): void => {
  // What follows a reply (its line in the log, the wait for the next request) is not the first one's to answer for.
  if (ending.length === 0) withoutDeadline(() => setImmediate(endWaiting))
  ending.push({ res, body })
}
