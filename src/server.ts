import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { endWaiting } from './http/end-together.ts'
import { problemBody } from './http/problem.ts'
import { SECURITY_HEADERS } from './http/security-headers.ts'
import type { Logger } from './infra/logger.ts'
import { Problem, StartupError } from './lib/errors.ts'
import { createPresent } from './lib/present.ts'

/** Longer than the 60 s for which an AWS load balancer keeps its end open, or it would write into closed ones. */
const KEEP_ALIVE_MS = 65_000
const HEADERS_MS = 66_000
/** How often it is looked for headers that take longer: Node itself does every 30 s. */
const LOOK_MS = 1000
/** For how long requests that are being answered may go on once the server stops listening. */
const FINISH_MS = 10_000

export interface RunningServer {
  /** With the port that the kernel chose, where 0 was asked for. */
  url: string
  /** From now on each reply asks its client to open the next connection elsewhere. */
  drain(): void
  /** Takes no new connections, lets what is in flight finish within 10 s, then cuts the rest. */
  close(): Promise<void>
}

const UNPARSABLE: Record<string, Problem> = {
  HPE_HEADER_OVERFLOW: new Problem(431, 'headers_too_large', 'Headers too large'),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem(408, 'request_timeout', 'Request timed out'),
}
const malformed = new Problem(400, 'malformed_request', 'Malformed request', 'This is not an HTTP request.')

/** What the HTTP parser refuses never becomes a request, and still gets a problem for an answer, and a log line. */
const answerUnparsable = (error: NodeJS.ErrnoException, socket: Socket, logger: Logger) => {
  const problem = UNPARSABLE[error.code ?? ''] ?? malformed
  const requestId = randomUUID()
  const body = JSON.stringify(problemBody(problem, requestId))
  logger.info(
    { request_id: requestId, status: problem.status, code: problem.code, reason: error.code },
    'request',
  )
  const protection = SECURITY_HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json\r\n` +
      `${protection}Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\nCache-Control: no-store\r\n` +
      `Connection: close\r\n\r\n${body}`,
  )
}

const listenFault = (error: unknown, host: string, port: number, variable: string) => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const why =
    {
      EADDRINUSE: 'another program has taken it',
      EACCES: 'this user may not',
      EADDRNOTAVAIL: 'no such address here',
    }[String(code)] ?? String(error)
  return new StartupError(`Cannot listen on ${host}:${port}: ${why}. Set ${variable} to another port.`, {
    cause: error,
  })
}

/** Listens. @throws StartupError when the port cannot be had, naming the variable that sets it */
export const startServer = async (
  app: RequestListener,
  host: string,
  port: number,
  logger: Logger,
  { variable = 'PORT', headersMs = HEADERS_MS } = {},
): Promise<RunningServer> => {
  // Where objects of one line of code have often outlived a collection V8 makes the next ones old from the start, and
  // whatever such a one refers to stays until the whole heap is marked: here those are requests (docs/adr/0019).
  setFlagsFromString('--no-allocation-site-pretenuring')
  let draining = false
  const inFlight = createPresent<ServerResponse>()
  // Without `requireHostHeader` the application answers, with a problem like everything else.
  const limits = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersMs,
    connectionsCheckingInterval: LOOK_MS,
    // An upload may take hours. Bodies have time limits of their own, where it is known what they are.
    requestTimeout: 0,
    requireHostHeader: false,
  }
  const server = createServer(limits, (req, res) => {
    const leave = inFlight.add(res)
    res.on('close', () => {
      leave()
      // A connection that becomes idle now would be held until the last moment.
      if (!server.listening) server.closeIdleConnections()
    })
    if (draining) res.setHeader('Connection', 'close')
    app(req, res)
  })
  const drain = () => {
    draining = true
    // Those whose requests came before would otherwise come back on a connection that is about to be cut.
    for (const res of inFlight.all()) if (!res.headersSent) res.setHeader('Connection', 'close')
  }
  // Node shuts the connection of whoever says that nothing more will come: what is there for them goes out before.
  server.on('connection', (socket: Socket) => socket.prependListener('end', endWaiting))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Words after a whole request that is being answered would become, or break, the answer to that one.
    const inTheMiddle = inFlight
      .all()
      .some(res => res.socket === socket && (res.headersSent || res.req.complete))
    if (error.code === 'ECONNRESET' || !socket.writable || inTheMiddle) socket.destroy()
    else answerUnparsable(error, socket, logger)
  })
  // An `Expect` that we do not know is no reason to refuse (RFC 9110, 10.1.1, leaves it to the server).
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw listenFault(error, host, port, variable)
  }
  const { port: actual } = server.address() as AddressInfo

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,

    drain,

    async close() {
      drain()
      const closed = once(server, 'close')
      server.close()
      const cut = sleep(FINISH_MS, undefined, { ref: false }).then(() => server.closeAllConnections())
      await Promise.race([closed, cut.then(() => closed)])
    },
  }
}
