import type { Request, RequestHandler } from 'express'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { createPresent } from '../lib/present.ts'

/** Seconds. The API answers in milliseconds; a file may take as long as its reader takes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Rate, errors and duration by route pattern, method and class of status, and what is in flight. Whatever a client
 * sends, there are no more series than routes: an unknown path is `none`, an unknown method `other`. A reply that
 * the client did not wait for is `aborted`.
 */
export const requestMetrics = (registry: Registry): RequestHandler => {
  const registers = [registry]
  const labelNames = ['method', 'route', 'status'] as const
  const duration = new Histogram({
    name: 'plaza_http_request_duration_seconds',
    help: 'From the head of a request to the last byte of its reply.',
    ...{ labelNames, buckets: BUCKETS, registers },
  })
  const received = new Counter({
    name: 'plaza_http_request_body_bytes_total',
    help: 'Bytes of bodies that came in.',
    ...{ labelNames: ['route'], registers },
  })

  /** A request with the count of its connection when it came, which has its head behind it by then. */
  const inFlight = createPresent<{ req: Request; before: number }>()
  const bodyBytes = (req: Request, before: number) => Math.max(0, req.socket.bytesRead - before)
  new Gauge({
    ...{ name: 'plaza_http_requests_in_flight', help: 'Requests that are being answered.', registers },
    collect() {
      this.set(inFlight.all().length)
    },
  })
  new Gauge({
    name: 'plaza_upload_bytes_in_flight',
    help: 'Bytes that have come so far of bodies that are not answered yet.',
    registers,
    collect() {
      this.set(inFlight.all().reduce((sum, { req, before }) => sum + bodyBytes(req, before), 0))
    },
  })

  return (req, res, next) => {
    const start = performance.now()
    const before = req.socket.bytesRead
    const leave = inFlight.add({ req, before })
    res.on('close', () => {
      const route = res.locals.route ?? 'none'
      const method = METHODS.has(req.method) ? req.method : 'other'
      const status = res.writableFinished ? `${Math.floor(res.statusCode / 100)}xx` : 'aborted'
      duration.observe({ method, route, status }, (performance.now() - start) / 1000)
      received.inc({ route }, bodyBytes(req, before))
      leave()
    })
    next()
  }
}
