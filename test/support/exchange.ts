import { Agent, type IncomingMessage, request } from 'node:http'

/** One request and what came back, as plain data: tests that send thousands want no more around it. */
export interface Sent {
  method: string
  path: string
  headers?: Record<string, string>
  /** Exactly these bytes (text as UTF-8). No Content-Type is added. */
  body?: string | Uint8Array
}

export interface Reply {
  status: number
  headers: Headers
  text: string
}

const agent = new Agent({ keepAlive: true })

/** Whoever says nothing for so long has lost the request. */
const SILENCE_MS = 30_000

/** Sends it as it stands, over a connection that is kept alive. */
export const exchange = async (url: string, { method, path, headers = {}, body }: Sent): Promise<Reply> => {
  const { hostname, port } = new URL(url)
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  const sending = request({ agent, hostname, port, method, path, headers: { ...headers, ...length } })
  sending.setTimeout(SILENCE_MS, () => sending.destroy(new Error(`nothing came for ${SILENCE_MS} ms`)))
  sending.end(body)
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    sending.on('response', resolve).on('error', reject)
  })
  const parts: Buffer[] = []
  for await (const part of reply) parts.push(part)
  const received = new Headers()
  for (const [name, values = []] of Object.entries(reply.headersDistinct)) {
    for (const value of values) received.append(name, value)
  }
  return { status: reply.statusCode ?? 0, headers: received, text: Buffer.concat(parts).toString() }
}
