import type { Readable } from 'node:stream'
import type { Request } from 'express'
import { detached } from '../infra/blobs/detached.ts'
import { isErrno } from '../infra/blobs/durable-files.ts'
import { watchForStall } from '../infra/blobs/stall.ts'
import { Problem } from '../lib/errors.ts'

/** The client went away in the middle: nobody reads this, and it is no fault of ours. */
const aborted = () => new Problem(400, 'request_aborted', 'Request aborted', 'The body ended too early.')

/** What went wrong while a body was read, told as what it is where that is only that it broke off. */
export const brokenOff = (req: Request, error: unknown): unknown =>
  !req.complete && isErrno(error, 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE') ? aborted() : error

/** Fires when whoever asked is gone before the reply is out. */
export const gone = (req: Request): AbortSignal => {
  const controller = new AbortController()
  req.res?.once('close', () => {
    if (!req.res?.writableFinished) controller.abort(aborted())
  })
  return controller.signal
}

/** The bytes of a body, as a stream that can be destroyed without the reply going down with it. */
export const bytesOf = (req: Request): Readable => detached(req)

/** For how long a client may send nothing in the middle of a body, in ms. */
export const BODY_IDLE_MS = 30_000

/** What a client is told that has stopped sending; the rest of its body is not waited for. */
const stalledBody = () =>
  new Problem(408, 'request_timeout', 'Request timed out', 'Nothing has come of the body for too long.', {
    headers: { Connection: 'close' },
  })

/**
 * Watches a body that is being read. That it is held back by our own side does not count.
 * @param within ms in which something must come
 * @param stalled hears of it, once
 * @returns what ends the watch
 */
export const watchBody = (req: Request, within: number, stalled: (problem: Problem) => void): (() => void) =>
  watchForStall({
    within,
    owed: () => !req.complete && req.readableFlowing !== false,
    progress: () => req.socket.bytesRead,
    stalled: () => stalled(stalledBody()),
  })
