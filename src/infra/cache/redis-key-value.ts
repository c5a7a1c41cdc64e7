import { createClient, defineScript } from 'redis'
import type { Logger } from '../logger.ts'
import type { TrackedKeyValue } from './near-key-value.ts'

/** For how long a connection may be asked for, and for how long its greeting may stay unanswered. */
const CONNECT_MS = 2_000

/** One key, so that a clustered Redis runs it. It is sent whole only to a server that does not know it yet. */
const increment = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local sum = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, tonumber(ARGV[2])) + tonumber(ARGV[1])
    redis.call('SET', KEYS[1], string.format('%.0f', sum), 'PX', ARGV[3])
    return sum`,
  parseCommand(parser, key: string, by: number, floor: number, ttlMs: number) {
    parser.pushKey(key)
    parser.push(String(by), String(floor), String(ttlMs))
  },
  transformReply: (reply: number) => reply,
})

type RedisOptions = ({ url: string } | { socketPath: string }) & {
  /** Put before every key: the table prefix and the schema version. */
  keyPrefix: string
  logger: Logger
  /** Milliseconds after which a command without an answer rejects. */
  commandTimeoutMs?: number
}

/** What a counter needs of a Redis: one script over one key, and to forget a key. Prefixed and timed like the rest. */
export interface RedisScripts {
  eval(script: string, given: { keys: string[]; arguments: string[] }): Promise<unknown>
  del(key: string): Promise<number>
}

export interface RedisKeyValue extends TrackedKeyValue {
  readonly scripts: RedisScripts
  /** Settles with the first attempt to connect: whether it succeeded. Never rejects; later ones go on. */
  readonly ready: Promise<boolean>
}

/**
 * Exponential back-off with jitter, 50 ms to 1 s: a Redis that was restarted is back within about a second,
 * and a fleet of instances does not knock in step.
 */
const backOff = (retries: number) =>
  Math.min(1_000, 50 * 2 ** Math.min(retries, 5)) * (0.5 + Math.random() / 2)

/**
 * The key-value port over one Redis (6 or later), by URL or Unix socket. Connects in the background and for
 * ever: while there is no connection commands reject at once, and none waits longer than its limit.
 */
export const connectRedis = (options: RedisOptions): RedisKeyValue => {
  const { keyPrefix, logger, commandTimeoutMs = 250 } = options
  // node-redis only times commands that it has not yet written, so a Redis that is frozen would hang its
  // callers. The callers' limit is kept here. At four times the limit the connection itself is given up:
  // a peer that died without a word would otherwise hold it until TCP gives up, many minutes later, and
  // what still waits in it (a cache fill, say) must not land at some much later time.
  const abandonMs = commandTimeoutMs * 4
  const firstAttempt = Promise.withResolvers<boolean>()
  let state: 'new' | 'up' | 'lost' | 'closed' = 'new'
  let changed: (key: string | null) => void = () => {}

  const up = () => {
    firstAttempt.resolve(true)
    if (state === 'up') return
    logger.info(state === 'new' ? 'redis: connected' : 'redis: back')
    state = 'up'
  }

  const lost = (error: unknown) => {
    firstAttempt.resolve(false)
    if (state === 'lost' || state === 'closed') return
    logger.warn(
      { err: error },
      state === 'new' ? 'redis: not reached, still trying' : 'redis: lost, reconnecting',
    )
    state = 'lost'
  }

  const open = () => {
    const socket = { connectTimeout: CONNECT_MS, reconnectStrategy: backOff }
    const client = createClient({
      ...('url' in options
        ? { url: options.url, socket }
        : { socket: { ...socket, path: options.socketPath } }),
      scripts: { increment },
      keyPrefix,
      // Has each connection told of changes of what was read over it (CLIENT TRACKING ON).
      RESP: 3,
      emitInvalidate: true,
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      // Its own limit costs an AbortSignal a command and does not do what is needed here; see above.
      commandOptions: { timeout: 0 },
    })
    // The client's connect limit ends with the TCP handshake; a frozen server completes that and then says
    // nothing to the greeting.
    let greeting: NodeJS.Timeout | undefined
    client
      .on('connect', () => {
        clearTimeout(greeting)
        greeting = setTimeout(() => replace(client), CONNECT_MS).unref()
      })
      .on('ready', () => {
        clearTimeout(greeting)
        // A client that is destroyed while its socket is being opened still opens it, and has to be told again.
        if (client !== current || state === 'closed') client.destroy()
        else up()
      })
      .on('error', error => {
        clearTimeout(greeting)
        if (client !== current) return
        // Of what was read over that connection nobody tells any more.
        changed(null)
        lost(error)
      })
      .on('invalidate', (key: Buffer | string | null) => {
        if (client === current) changed(key === null ? null : String(key).slice(keyPrefix.length))
      })
    // Rejects only when the client is destroyed: the strategy above never gives up.
    client.connect().catch(() => {})
    return client
  }
  type Client = ReturnType<typeof open>

  const replace = (client: Client) => {
    if (client !== current || state === 'closed') return
    lost(new Error('Redis accepts the connection and does not answer'))
    changed(null)
    current = open()
    client.destroy()
  }

  let current = open()

  const command = <T>(send: (client: Client) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const client = current
      let settled = false
      // When this process was busy for longer than the limit, the answer may be there, unread: one turn of
      // the event loop reads it before the verdict.
      const unlessSettled = (act: () => void, ms: number) =>
        setTimeout(() => setImmediate(() => settled || act()), ms)
      let timer = unlessSettled(() => {
        reject(new Error(`Redis did not answer within ${commandTimeoutMs} ms`))
        timer = unlessSettled(() => replace(client), abandonMs - commandTimeoutMs).unref()
      }, commandTimeoutMs)
      const settle = () => {
        settled = true
        clearTimeout(timer)
      }
      send(client).finally(settle).then(resolve, reject)
    })

  const expiration = (ttlMs: number) => ({ type: 'PX' as const, value: Math.max(1, Math.round(ttlMs)) })

  return {
    kind: 'redis',
    ready: firstAttempt.promise,
    // Single GETs, written together in one tick, rather than MGET, which a cluster refuses across slots.
    getMany: keys => command(client => Promise.all(keys.map(key => client.get(key)))),
    async readMany(keys) {
      // Commands of one turn are sent in their order: what is told of later has changed after both.
      const read = (client: Client) =>
        Promise.all(keys.map(key => Promise.all([client.get(key), client.pTTL(key)])))
      const found = await command(read)
      return found.map(([value, ttl]) => {
        if (value === null) return null
        return { value, ttlMs: ttl < 0 ? 0 : ttl }
      })
    },
    onChange(listener) {
      changed = listener
    },
    async set(key, value, ttlMs) {
      await command(client => client.set(key, value, { expiration: expiration(ttlMs) }))
    },
    async setIfAbsent(key, value, ttlMs) {
      const condition = { expiration: expiration(ttlMs), condition: 'NX' as const }
      return (await command(client => client.set(key, value, condition))) !== null
    },
    increment: (key, by, floor, ttlMs) =>
      command(client => client.increment(key, by, floor, expiration(ttlMs).value)),
    async ping() {
      await command(client => client.ping())
    },
    scripts: {
      eval: (script, given) => command(client => client.eval(script, given)),
      del: key => command(client => client.del(key)),
    },
    async close() {
      state = 'closed'
      firstAttempt.resolve(false)
      current.destroy()
    },
  }
}
