import { Agent as HttpAgent, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { bearable, waited } from '../lib/deadline.ts'

type Handle = NodeHttpHandler['handle']
type Handler = Pick<
  NodeHttpHandler,
  'handle' | 'metadata' | 'destroy' | 'updateHttpClientConfig' | 'httpHandlerConfigs'
>

interface HandlerOptions {
  /** Milliseconds for one connection. */
  connectWithin: number
  /** Milliseconds for one attempt, unless its command has its own limit. */
  answerWithin: number
  /** Replies are small, and an attempt is over when all of one is there. Left out, it is over when one begins. */
  wholeReplies?: boolean
}

/** Of one attempt that a request waits for, so that its patience is enough for another one. */
const ATTEMPT_MS = 1_500
/** What is sent may take a second longer for each MiB. */
const BYTES_A_MS = 1024 * 1024 * 0.001

const AGENT = { keepAlive: true, maxSockets: 256 }

const timeoutError = (ms: number) =>
  Object.assign(new Error(`no whole answer within ${Math.round(ms)} ms`), { name: 'TimeoutError' })

/** @throws when it breaks off, or is not there in time: the connection is then given up */
const readWhole = (body: IncomingMessage, withinMs: number, late: Error) =>
  new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    const timer = setTimeout(() => body.destroy(late), withinMs)
    body
      .on('data', chunk => chunks.push(chunk))
      .on('end', () => resolve(Buffer.concat(chunks)))
      .on('error', reject)
      .on('close', () => {
        clearTimeout(timer)
        reject(late)
      })
  })

/**
 * The HTTP of an SDK client, with time limits for each attempt that go by how long the request that it is for may still
 * wait: a backend that does not answer costs each request its patience and not that once for every call and retry.
 *
 * When an answer does not come, the connections that lie idle are given up too. Behind a line that went dead without a
 * word they all are, and each would cost another time limit.
 */
export const createAwsHandler = (options: HandlerOptions): Handler => {
  const { answerWithin, wholeReplies = false } = options
  const agents = { httpAgent: new HttpAgent(AGENT), httpsAgent: new HttpsAgent(AGENT) }
  const inner = new NodeHttpHandler({
    connectionTimeout: options.connectWithin,
    requestTimeout: answerWithin,
    throwOnRequestTimeout: true,
    // Idle is also a connection whose reader or writer on our side is slow.
    socketTimeout: 0,
    ...agents,
  })

  const dropIdle = () => {
    for (const { freeSockets } of Object.values(agents)) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
    }
  }

  const attempt = async (limit: number, ...[request, given]: Parameters<Handle>) => {
    const begun = performance.now()
    try {
      const answer = await inner.handle(request, { ...given, requestTimeout: limit })
      if (wholeReplies) {
        // When this process was busy for longer, the rest of the answer may be there, unread.
        const left = Math.max(1, limit - (performance.now() - begun))
        answer.response.body = await readWhole(answer.response.body, left, timeoutError(limit))
      }
      return answer
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') dropIdle()
      throw error
    }
  }

  const handle: Handle = async (request, given = {}) => {
    const own = given.requestTimeout ?? answerWithin
    // It knows why it takes its time: it watches a stream, or puts a large object together.
    if (own === 0 || own > answerWithin) return inner.handle(request, given)
    const free = Number(request.headers['content-length'] ?? 0) / BYTES_A_MS
    const longest = bearable()
    const limit = Math.min(
      own,
      longest === Number.POSITIVE_INFINITY ? own : Math.min(ATTEMPT_MS, longest) + free,
    )
    return waited(() => attempt(limit, request, given), free)
  }

  return {
    metadata: inner.metadata,
    handle,
    destroy: () => inner.destroy(),
    updateHttpClientConfig: (key, value) => inner.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => inner.httpHandlerConfigs(),
  }
}
