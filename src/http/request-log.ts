import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { type Logger, plainLines } from '../infra/logger.ts'
import { clientAddress } from './client-address.ts'
import type { Viewer } from './viewer.ts'

declare global {
  namespace Express {
    /** What one request carries besides Express's own things. */
    interface Locals {
      requestId: string
      /** The route's pattern, never the path itself: that may hold what must not be logged. */
      route?: string
      viewer?: Viewer | null
      /** Whose account it was about, where that is not the viewer's: a log-in's, a refresh's. */
      account?: string
      /** The code of the problem that was answered. */
      code?: string
    }
  }
}

/** Who is not let in, may not, or comes too often. */
const REFUSED = new Set([401, 403, 429])

const WELL_FORMED = /^[\w.:/+=-]{1,128}$/

/**
 * Gives each request its id (the caller's own `X-Request-Id` when that is well-formed), and writes one line when the
 * reply is out or the client is gone. From where it came is only told of those that come in and of those that are
 * refused: that is what somebody who looks for an intruder asks, and nobody's reading is recorded with it.
 */
export const requestLog = (logger: Logger): RequestHandler => {
  const lines = plainLines(logger)
  return (req, res, next) => {
    const start = performance.now()
    const asked = req.headers['x-request-id']
    const requestId = typeof asked === 'string' && WELL_FORMED.test(asked) ? asked : randomUUID()
    res.locals.requestId = requestId
    res.setHeader('X-Request-Id', requestId)
    // A file's reply has many who want to know of its end; Node warns of the eleventh.
    res.setMaxListeners(20)
    res.on('close', () => {
      const { route, viewer, account, code } = res.locals
      const known = account !== undefined
      lines.info(
        {
          request_id: requestId,
          method: req.method,
          route: route ?? null,
          status: res.statusCode,
          duration_ms: Math.round((performance.now() - start) * 10) / 10,
          user_id: viewer?.user_id ?? null,
          ...(known && { account }),
          ...((known || REFUSED.has(res.statusCode)) && { address: clientAddress(req) }),
          ...(code !== undefined && { code }),
          ...(!res.writableFinished && { aborted: true }),
        },
        'request',
      )
    })
    next()
  }
}
