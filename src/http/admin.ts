import type { RequestListener } from 'node:http'
import type { Registry } from 'prom-client'
import type { Logger } from '../infra/logger.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

const PLAIN = 'text/plain; charset=utf-8'

/** What operators' tools ask, on a port that nobody else can reach: `GET /metrics` in Prometheus's text format. */
export const createAdmin =
  (registry: Registry, logger: Logger): RequestListener =>
  (req, res) => {
    const reply = (status: number, type: string, text: string) => {
      res.setHeaders(new Map(SECURITY_HEADERS))
      res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' })
      res.end(req.method === 'HEAD' ? undefined : text)
    }
    req.resume()
    if (req.url?.split('?')[0] !== '/metrics')
      return reply(404, PLAIN, 'There is /metrics here, and nothing else.\n')
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      res.setHeader('Allow', 'GET, HEAD')
      return reply(405, PLAIN, '/metrics takes GET and HEAD.\n')
    }
    registry.metrics().then(
      text => reply(200, registry.contentType, text),
      error => {
        logger.error({ err: error }, 'the metrics could not be told')
        reply(500, PLAIN, 'The metrics could not be told, see the log.\n')
      },
    )
  }
