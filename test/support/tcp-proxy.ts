import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/infra/embedded/dynamodb.ts'

/**
 * What the line does.
 *
 * - `delay`: what either side says comes so many ms later.
 * - `cut`: the connection breaks in the middle of the backend's next reply.
 * - `half-open`: connections are taken, and nothing is passed on any more in either direction. Those that were there or
 *   came in the meantime stay so when it is over, as behind a router that has forgotten them.
 * - `drip`: the backend's replies come at so many bytes a second.
 * - `refuse`: nobody listens, and who was connected is not any more.
 */
export type Line =
  | { kind: 'pass' | 'cut' | 'half-open' | 'refuse' }
  | { kind: 'delay'; ms: number }
  | { kind: 'drip'; bytesPerSecond: number }

export interface TcpProxy {
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** From now on the line is like that. */
  turn(line: Line): Promise<void>
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const DRIPS_A_SECOND = 10

interface Pair {
  /** To who has connected. */
  inward: Socket
  /** To the server. */
  outward: Socket
  silent: boolean
}

/** libuv refuses to reset what is being shut down; Node then never closes it, and waits for that in vain when it exits. */
const reset = (socket: Socket) => {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

const breakOff = ({ inward, outward }: Pair) => {
  reset(inward)
  reset(outward)
}

/** A line to a server on this machine that can be made as bad as lines get. */
export const startTcpProxy = async (target: { hostname: string; port: number }): Promise<TcpProxy> => {
  let line: Line = { kind: 'pass' }
  const pairs = new Set<Pair>()

  const drip = async (to: Socket, bytes: Buffer, perSecond: number) => {
    const size = Math.max(1, Math.round(perSecond / DRIPS_A_SECOND))
    for (let at = 0; at < bytes.length && to.writable; at += size) {
      // The rest is no longer held up when the line is mended.
      if (line.kind !== 'drip') return void to.write(bytes.subarray(at))
      to.write(bytes.subarray(at, at + size))
      await pause((1000 * size) / perSecond)
    }
  }

  /** Passes on what one side says, chunk by chunk in order; each is dealt with as the line is when it comes. */
  const pass = (pair: Pair, isReply: boolean) => {
    const [from, to] = isReply ? [pair.outward, pair.inward] : [pair.inward, pair.outward]
    let before = Promise.resolve()
    const next = (deal: () => unknown) => {
      before = before.then(async () => {
        if (!pair.silent && to.writable) await deal()
      })
    }

    const write = (chunk: Buffer) => {
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => from.resume())
    }
    const deal = async (chunk: Buffer, now: Line) => {
      if (now.kind === 'drip' && isReply) return drip(to, chunk, now.bytesPerSecond)
      if (now.kind !== 'cut' || !isReply) return write(chunk)
      to.write(chunk.subarray(0, chunk.length / 2))
      // What has been written may still be on its way to the kernel, which forgets it at a reset.
      setImmediate(() => breakOff(pair))
    }

    from.on('data', chunk => {
      const now = line
      const due = performance.now() + (now.kind === 'delay' ? now.ms / 2 : 0)
      next(async () => {
        if (now.kind === 'delay') await pause(Math.max(0, due - performance.now()))
        await deal(chunk, now)
      })
    })
    // An end is passed on like what was said before it; on a silent line nobody hears of it.
    from.on('end', () => next(() => to.end()))
    from.on('error', () => {})
    from.on('close', () => {
      if (!isReply) pairs.delete(pair)
      if (!pair.silent || !isReply) to.destroy()
    })
  }

  const accept = (inward: Socket) => {
    const outward = connect(target.port, target.hostname)
    const pair = { inward, outward, silent: line.kind === 'half-open' }
    pairs.add(pair)
    pass(pair, false)
    pass(pair, true)
  }

  const listen = async (port: number): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true }, accept).listen(port, HOST)
    await once(server, 'listening')
    return server
  }
  const shut = async (server: Server | undefined) => {
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    for (const pair of pairs) breakOff(pair)
    await closed
  }

  const port = await freePort()
  let server: Server | undefined = await listen(port)

  return {
    port,
    async turn(next) {
      line = next
      if (next.kind === 'half-open') for (const pair of pairs) pair.silent = true
      if (next.kind === 'refuse') {
        await shut(server)
        server = undefined
      } else server ??= await listen(port)
    },
    async close() {
      await shut(server)
      server = undefined
    },
  }
}
