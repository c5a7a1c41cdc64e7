import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from '@redis/client'
import { withBreaker } from '../src/infra/cache/breaker.ts'
import type { KeyValue } from '../src/infra/cache/key-value.ts'
import { createMemoryKeyValue } from '../src/infra/cache/memory-key-value.ts'
import { connectRedis } from '../src/infra/cache/redis-key-value.ts'
import { createLogger } from '../src/infra/logger.ts'
import {
  describeWithRedis,
  keyValueContract,
  type RedisServer,
  startRedis,
  until,
} from './contracts/key-value.ts'

const quiet = createLogger('silent')

const recorder = () => {
  const messages: string[] = []
  const logger = createLogger('info', { write: line => void messages.push(JSON.parse(line).msg) })
  return { messages, logger }
}

describe('the key-value port in memory', () => {
  keyValueContract({ open: async () => createMemoryKeyValue() })

  test('past its limit the least recently used entry goes', async () => {
    const kv = createMemoryKeyValue({ maxEntries: 3 })
    for (const key of ['a', 'b', 'c']) await kv.set(key, key, 60_000)
    await kv.getMany(['a'])
    await kv.set('d', 'd', 60_000)
    expect(await kv.getMany(['a', 'b', 'c', 'd'])).toEqual(['a', null, 'c', 'd'])
  })

  test('an entry stands up to its time to live and not a millisecond longer', async () => {
    let now = 0
    const kv = createMemoryKeyValue({ now: () => now })
    await kv.set('a', '1', 100)
    now = 99
    expect(await kv.getMany(['a'])).toEqual(['1'])
    now = 100
    expect(await kv.getMany(['a'])).toEqual([null])
  })
})

describeWithRedis('the key-value port over Redis', () => {
  let server: RedisServer
  let opened: KeyValue[] = []

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.remove())
  afterEach(async () => {
    await Promise.all(opened.map(kv => kv.close()))
    opened = []
  })

  const connect = (commandTimeoutMs: number, logger = quiet) => {
    const kv = connectRedis({ socketPath: server.socketPath, keyPrefix: 'own:', logger, commandTimeoutMs })
    opened.push(kv)
    return kv
  }

  // A limit that a busy machine does not reach: the contract is not about it.
  const patient = { logger: quiet, commandTimeoutMs: 10_000 }

  describe('by Unix socket', () => {
    keyValueContract({
      open: async keyPrefix => {
        const kv = connectRedis({ socketPath: server.socketPath, keyPrefix, ...patient })
        await kv.ready
        return kv
      },
    })
  })

  describe('by TCP port', () => {
    keyValueContract({
      open: async keyPrefix => {
        const kv = connectRedis({ url: server.url, keyPrefix, ...patient })
        await kv.ready
        return kv
      },
    })
  })

  const works = (kv: KeyValue) => async () =>
    kv.ping().then(
      () => true,
      () => false,
    )

  test('killed and started again: commands fail at once while it is away and work again after', async () => {
    const { messages, logger } = recorder()
    // With this limit a command that waited for it, rather than failing at once, would outlast the test.
    const kv = connect(600_000, logger)
    expect(await kv.ready).toBe(true)
    await kv.set('a', '1', 60_000)
    await server.kill()
    await until(async () => !(await works(kv)()))
    await expect(kv.getMany(['a'])).rejects.toThrow()
    await expect(kv.set('a', '2', 60_000)).rejects.toThrow()
    await expect(kv.setIfAbsent('a', '2', 60_000)).rejects.toThrow()
    await server.start()
    await until(works(kv))
    expect(await kv.getMany(['a'])).toEqual([null])
    expect(messages).toEqual(['redis: connected', 'redis: lost, reconnecting', 'redis: back'])
  })

  test('commands under way when it is killed reject', async () => {
    const kv = connect(600_000)
    await kv.ready
    server.freeze()
    const pending = Promise.allSettled([kv.ping(), kv.set('a', '1', 60_000), kv.getMany(['a', 'b'])])
    await server.kill()
    expect((await pending).map(outcome => outcome.status)).toEqual(['rejected', 'rejected', 'rejected'])
    await server.start()
  })

  test('a service may start before its Redis', async () => {
    await server.kill()
    const { messages, logger } = recorder()
    const kv = connect(10_000, logger)
    await expect(kv.ping()).rejects.toThrow()
    expect(await kv.ready).toBe(false)
    await server.start()
    await until(works(kv))
    expect(messages).toEqual(['redis: not reached, still trying', 'redis: back'])
  })

  test('frozen: commands reject within their limit, and work again once it goes on', async () => {
    const kv = connect(50)
    await kv.ready
    server.freeze()
    try {
      await expect(kv.getMany(['a', 'b'])).rejects.toThrow('within 50 ms')
      await expect(kv.set('a', '1', 60_000)).rejects.toThrow('within 50 ms')
      await expect(kv.setIfAbsent('a', '1', 60_000)).rejects.toThrow('within 50 ms')
    } finally {
      server.thaw()
    }
    await until(works(kv))
  })

  test('a connection that stays silent is given up, and the next one is used when it answers', async () => {
    const { messages, logger } = recorder()
    const kv = connect(50, logger)
    await kv.ready
    server.freeze()
    try {
      await expect(kv.ping()).rejects.toThrow('within 50 ms')
      await until(() => messages.includes('redis: lost, reconnecting'))
      await expect(kv.ping()).rejects.toThrow()
    } finally {
      server.thaw()
    }
    await until(works(kv))
    expect(messages).toEqual(['redis: connected', 'redis: lost, reconnecting', 'redis: back'])
  })

  test('closed while it was still connecting, it leaves no connection behind', async () => {
    const watcher = await createClient({ url: server.url }).connect()
    const connections = async () =>
      (await watcher.sendCommand<string>(['CLIENT', 'LIST'])).split('\n').length - 1
    try {
      const accepted = async () =>
        Number(/total_connections_received:(\d+)/.exec(await watcher.info('stats'))?.[1] ?? Number.NaN)
      const before = await accepted()
      const closing = Array.from({ length: 20 }, () => connect(10_000))
      // One turn of the event loop: the sockets are being opened, nobody has answered yet.
      await nextTurn()
      await Promise.all(closing.map(kv => kv.close()))
      await Promise.all(closing.map(kv => kv.ready))
      await until(async () => (await accepted()) >= before + closing.length)
      await until(async () => (await connections()) === 1)
      await expect(closing[0]?.ping()).rejects.toThrow()
    } finally {
      watcher.destroy()
    }
  })
})

describe('the breaker', () => {
  const breakable = () => {
    const memory = createMemoryKeyValue()
    const state = { away: false, calls: 0, now: 0 }
    const { messages, logger } = recorder()
    const ping = async () => {
      state.calls++
      if (state.away) throw new Error('away')
    }
    const kv = withBreaker({ ...memory, ping }, { logger, now: () => state.now })
    const fails = async (times: number) => {
      for (let n = 0; n < times; n++) await expect(kv.ping()).rejects.toThrow()
    }
    return { kv, state, messages, fails }
  }

  test('it opens after three failures in a row, and a success in between starts the count anew', async () => {
    const { kv, state, fails } = breakable()
    state.away = true
    await fails(2)
    state.away = false
    await kv.ping()
    state.away = true
    await fails(2)
    expect(kv.status()).toBe('ok')
    await fails(1)
    expect(kv.status()).toBe('degraded')
  })

  test('open, it refuses without a call; then one probe goes, and its success closes it', async () => {
    const { kv, state, messages, fails } = breakable()
    state.away = true
    await fails(3)
    state.now = 499
    await fails(5)
    expect(state.calls).toBe(3)
    state.now = 500
    const burst = await Promise.allSettled([kv.ping(), kv.ping(), kv.ping()])
    expect(burst.every(outcome => outcome.status === 'rejected')).toBe(true)
    expect(state.calls).toBe(4)
    state.now = 999
    await fails(1)
    expect(state.calls).toBe(4)
    state.now = 1_000
    state.away = false
    await kv.ping()
    expect(kv.status()).toBe('ok')
    await kv.ping()
    expect(messages).toEqual([
      'key-value store: breaker open, going on without it',
      'key-value store: breaker closed, in use again',
    ])
  })

  test('failures of commands that were sent before it closed do not open it again', async () => {
    const state = { now: 0 }
    const held: ((error: Error) => void)[] = []
    let hold = true
    const ping = () => (hold ? new Promise<void>((_, reject) => held.push(reject)) : Promise.resolve())
    const kv = withBreaker({ ...createMemoryKeyValue(), ping }, { logger: quiet, now: () => state.now })
    const pings = Array.from({ length: 10 }, () => kv.ping())
    const outcomes = Promise.allSettled(pings)
    for (const reject of held.slice(0, 3)) reject(new Error('away'))
    await Promise.allSettled(pings.slice(0, 3))
    expect(kv.status()).toBe('degraded')
    hold = false
    state.now = 500
    await kv.ping()
    for (const reject of held.slice(3)) reject(new Error('away'))
    await outcomes
    expect(kv.status()).toBe('ok')
  })
})
