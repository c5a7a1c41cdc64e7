import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { KeyValue } from '../../src/infra/cache/key-value.ts'

/** Polls until the condition holds. Gives up just before the test's own limit, so that no loop outlives it. */
export const until = async (condition: () => boolean | Promise<boolean>) => {
  const deadline = Date.now() + 28_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${condition}`)
    await pause(5)
  }
}

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export interface RedisServer {
  readonly socketPath: string
  readonly url: string
  /** Starts it again after `kill`, on the same socket, port and folder. */
  start(): Promise<void>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Kills it and removes its folder. */
  remove(): Promise<void>
}

const run = async (args: string[]): Promise<ChildProcess> => {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output: string[] = []
  for await (const line of createInterface(child.stdout)) {
    output.push(line)
    if (line.includes('Ready to accept connections')) {
      child.stdout.resume()
      return child
    }
  }
  throw new Error(`redis-server did not start:\n${output.join('\n')}`)
}

/** A Redis of the test's own in a temporary folder. `aof`: every write is on disk before it is answered. */
export const startRedis = async ({ aof = false, started = true } = {}): Promise<RedisServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-redis-'))
  const socketPath = join(folder, 'redis.sock')
  const port = await freePort()
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socketPath, '--dir', folder],
    ...['--save', '', '--appendonly', aof ? 'yes' : 'no', '--appendfsync', 'always'],
  ]
  let child: ChildProcess | undefined
  const start = async () => {
    child = await run(args)
  }
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  if (started) await start()
  return {
    socketPath,
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => {
      child?.kill('SIGSTOP')
    },
    thaw: () => {
      child?.kill('SIGCONT')
    },
    async remove() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const installed = spawnSync('redis-server', ['--version']).status === 0

/** `describe` where redis-server is installed; a failure without it in CI, a skip that says so elsewhere. */
export const describeWithRedis = (name: string, body: () => void) => {
  if (installed) return describe(name, body)
  if (process.env.CI) {
    return test(name, () => {
      throw new Error('redis-server is missing: apt-get install redis-server')
    })
  }
  process.stderr.write(`skipped "${name}": redis-server is missing: apt-get install redis-server\n`)
  return describe.skip(name, body)
}

interface Harness {
  setUp?: () => Promise<void>
  tearDown?: () => Promise<void>
  /** A ready store; all of one harness share what they can share. */
  open(keyPrefix: string): Promise<KeyValue>
}

/** What every implementation of the key-value port does. */
export const keyValueContract = (harness: Harness) => {
  let opened: KeyValue[] = []

  const open = async (keyPrefix = `${randomUUID()}:`) => {
    const kv = await harness.open(keyPrefix)
    opened.push(kv)
    return kv
  }

  beforeAll(async () => harness.setUp?.())
  afterAll(async () => harness.tearDown?.())
  afterEach(async () => {
    await Promise.all(opened.map(kv => kv.close()))
    opened = []
  })

  test('getMany answers in the order of its keys, null where there is none, repeats included', async () => {
    const kv = await open()
    await kv.set('a', '1', 60_000)
    await kv.set('b', '2', 60_000)
    expect(await kv.getMany(['b', 'none', 'a', 'b'])).toEqual(['2', null, '1', '2'])
    expect(await kv.getMany([])).toEqual([])
  })

  test('set replaces the value and its time to live', async () => {
    const kv = await open()
    await kv.set('a', 'short', 1)
    await kv.set('a', 'long', 60_000)
    await kv.set('b', 'gone', 1)
    await until(async () => (await kv.getMany(['b']))[0] === null)
    expect(await kv.getMany(['a'])).toEqual(['long'])
  })

  test('a value expires, and then a conditional set finds nothing', async () => {
    const kv = await open()
    await kv.set('a', 'old', 20)
    await until(async () => (await kv.getMany(['a']))[0] === null)
    expect(await kv.setIfAbsent('a', 'new', 60_000)).toBe(true)
    expect(await kv.getMany(['a'])).toEqual(['new'])
  })

  test('a time to live below one millisecond, or between two, is taken', async () => {
    const kv = await open()
    await kv.set('a', '1', 0.2)
    await kv.set('b', '2', 59_999.7)
    expect(await kv.setIfAbsent('c', '3', 59_999.7)).toBe(true)
    expect(await kv.getMany(['b', 'c'])).toEqual(['2', '3'])
  })

  test('setIfAbsent leaves what stands there', async () => {
    const kv = await open()
    await kv.set('a', 'first', 60_000)
    expect(await kv.setIfAbsent('a', 'second', 60_000)).toBe(false)
    expect(await kv.getMany(['a'])).toEqual(['first'])
  })

  test('of a hundred that race to set an absent key exactly one wins', async () => {
    const kv = await open()
    const racers = Array.from({ length: 100 }, (_, n) => kv.setIfAbsent('a', String(n), 60_000))
    const won = await Promise.all(racers)
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await kv.getMany(['a'])).toEqual([String(won.indexOf(true))])
  })

  test('increment begins with its floor, goes on from what is more, and is a number to everybody', async () => {
    const kv = await open()
    expect(await kv.increment('a', 1, 0, 60_000)).toBe(1)
    expect(await kv.increment('a', 1, 0, 60_000)).toBe(2)
    expect(await kv.increment('a', 1, 40, 60_000)).toBe(41)
    expect(await kv.increment('a', 3, 7, 60_000)).toBe(44)
    expect(await kv.increment('a', 0, 7, 60_000)).toBe(44)
    expect(await kv.increment('a', 0, 50, 60_000)).toBe(50)
    expect(await kv.increment('b', 0, 9, 60_000)).toBe(9)
    expect(await kv.increment('c', 1, 9_007_199_254_740_000, 60_000)).toBe(9_007_199_254_740_001)
    expect(await kv.getMany(['a', 'b', 'c'])).toEqual(['50', '9', '9007199254740001'])
    await kv.set('a', '60', 60_000)
    expect(await kv.increment('a', 1, 0, 60_000)).toBe(61)
    await kv.set('a', 'no number', 60_000)
    expect(await kv.increment('a', 1, 5, 60_000)).toBe(6)
  })

  test('increment sets the time to live anew, and an expired number is none', async () => {
    const kv = await open()
    await kv.increment('a', 1, 70, 1)
    await until(async () => (await kv.getMany(['a']))[0] === null)
    expect(await kv.increment('a', 1, 3, 60_000)).toBe(4)
    await kv.set('b', '1', 300)
    await kv.increment('b', 1, 0, 60_000)
    await kv.set('gone', '1', 300)
    await until(async () => (await kv.getMany(['gone']))[0] === null)
    expect(await kv.getMany(['b'])).toEqual(['2'])
    expect(await kv.increment('c', 1, 0, 59_999.7)).toBe(1)
  })

  test('of a hundred increments at once none is lost, and each has a number of its own', async () => {
    const kv = await open()
    const all = await Promise.all(Array.from({ length: 100 }, () => kv.increment('a', 1, 5, 60_000)))
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, at) => at + 6))
  })

  test('keys and values keep every character, and the empty string is a value', async () => {
    const kv = await open()
    const odd = ['', 'ä 漢字 👩‍👩‍👧 \u0000 \r\n "\'', ' ', '\\', 'x'.repeat(100_000)]
    await Promise.all(odd.map((text, n) => kv.set(`${n} ${text.slice(0, 50)}`, text, 60_000)))
    expect(await kv.getMany(odd.map((text, n) => `${n} ${text.slice(0, 50)}`))).toEqual(odd)
    expect(await kv.setIfAbsent('0 ', 'not empty', 60_000)).toBe(false)
  })

  test('two prefixes keep two clients apart', async () => {
    const one = await open()
    const other = await open()
    await one.set('a', 'one', 60_000)
    expect(await other.getMany(['a'])).toEqual([null])
    expect(await other.setIfAbsent('a', 'other', 60_000)).toBe(true)
    expect(await one.getMany(['a'])).toEqual(['one'])
  })

  test('thousands of keys are written and read at once', async () => {
    const kv = await open()
    const keys = Array.from({ length: 5_000 }, (_, n) => `key${n}`)
    await Promise.all(keys.map(key => kv.set(key, key.toUpperCase(), 60_000)))
    expect(await kv.getMany(keys)).toEqual(keys.map(key => key.toUpperCase()))
  })

  test('it answers a ping until it is closed, and refuses everything afterwards', async () => {
    const kv = await open()
    await kv.ping()
    await kv.close()
    await kv.close()
    await expect(kv.ping()).rejects.toThrow()
    await expect(kv.getMany(['a'])).rejects.toThrow()
    await expect(kv.set('a', '1', 1_000)).rejects.toThrow()
    await expect(kv.setIfAbsent('a', '1', 1_000)).rejects.toThrow()
    await expect(kv.increment('a', 1, 0, 1_000)).rejects.toThrow()
  })
}
