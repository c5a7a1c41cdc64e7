import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import type { KeyValue } from '../src/infra/cache/key-value.ts'
import { nearKeyValue } from '../src/infra/cache/near-key-value.ts'
import { connectRedis } from '../src/infra/cache/redis-key-value.ts'
import { createLogger } from '../src/infra/logger.ts'
import { lookAnew, withPatience } from '../src/lib/deadline.ts'
import {
  describeWithRedis,
  keyValueContract,
  type RedisServer,
  startRedis,
  until,
} from './contracts/key-value.ts'
import { rounds } from './support/heavy.ts'

const logger = createLogger('silent')

describeWithRedis('Redis with copies in the process', () => {
  let server: RedisServer
  const opened: KeyValue[] = []

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.remove())
  afterEach(() => Promise.all(opened.splice(0).map(kv => kv.close())))

  /** An instance, and the commands that it has sent. */
  const open = async (keyPrefix = 'near:', options?: Parameters<typeof nearKeyValue>[1]) => {
    const redis = connectRedis({ url: server.url, keyPrefix, logger, commandTimeoutMs: 10_000 })
    await redis.ready
    const sent: string[] = []
    const kv = nearKeyValue(
      {
        ...redis,
        readMany(keys) {
          sent.push(...keys)
          return redis.readMany(keys)
        },
        ping() {
          sent.push('ping')
          return redis.ping()
        },
      },
      options,
    )
    opened.push(kv)
    return { kv, sent, took: () => sent.splice(0) }
  }

  keyValueContract({ open: async keyPrefix => (await open(keyPrefix)).kv })

  test('what was read once is read from the copy, for one sign of life a turn, whoever asks', async () => {
    const { kv, took } = await open()
    await kv.set('a', '1', 60_000)
    expect(await kv.getMany(['a', 'none'])).toEqual(['1', null])
    expect(took()).toEqual(['a', 'none'])
    const asked = Array.from({ length: 20 }, () => kv.getMany(['none', 'a']))
    for (const values of await Promise.all(asked)) expect(values).toEqual([null, '1'])
    expect(took()).toEqual(['ping'])
    expect(await kv.getMany(['a', 'b'])).toEqual(['1', null])
    expect(took()).toEqual(['ping', 'b'])
  })

  test('a request that only reads sees what was written before it came, for one sign of life, and more when it looks anew', async () => {
    const { kv: other } = await open()
    const { kv, took } = await open()
    await kv.set('c', 'old', 60_000)
    await kv.getMany(['c'])
    const read = async () => (await kv.getMany(['c']))[0]
    for (let round = 0; round < rounds(20, 500); round++) {
      await other.set('c', `${round}`, 60_000)
      expect(await withPatience(read, true)).toBe(`${round}`)
    }
    took()
    await withPatience(async () => {
      expect(await read()).toBe(await read())
      expect(took()).toEqual(['ping'])
      await other.set('c', 'new', 60_000)
      lookAnew()
      expect(await read()).toBe('new')
    }, true)
    took()
    // Whoever writes, too, looks each time: what they read they may be about to change.
    await withPatience(async () => [await read(), await read()])
    expect(took()).toEqual(['ping', 'ping'])
  })

  test('who has had their look sees what they have changed themselves before they are told of it', async () => {
    const redis = connectRedis({ url: server.url, keyPrefix: 'own:', logger })
    await redis.ready
    const kv = nearKeyValue({ ...redis, onChange() {} })
    opened.push(kv)
    await kv.set('e', '1', 60_000)
    await withPatience(async () => {
      expect(await kv.getMany(['e', 'f'])).toEqual(['1', null])
      await kv.getMany(['e'])
      await kv.set('e', '2', 60_000)
      await kv.setIfAbsent('f', '3', 60_000)
      expect(await kv.getMany(['e', 'f'])).toEqual(['2', '3'])
      await kv.increment('e', 1, 0, 60_000)
      expect(await kv.getMany(['e'])).toEqual(['3'])
    }, true)
  })

  test('a look that was under way when one looked anew is of before', async () => {
    const { kv, took } = await open()
    await kv.set('g', '1', 60_000)
    await kv.getMany(['g'])
    took()
    await withPatience(async () => {
      const before = kv.getMany(['g'])
      lookAnew()
      await before
      await kv.getMany(['g'])
      expect(took()).toEqual(['ping', 'ping'])
      await kv.getMany(['g'])
      expect(took()).toEqual([])
    }, true)
  })

  test('a look does not last for long', async () => {
    let time = 0
    const { kv, took } = await open('look:', { now: () => time })
    await kv.set('d', '1', 60_000)
    await withPatience(async () => {
      for (time of [0, 0, 999, 1000, 1001]) await kv.getMany(['d'])
    }, true)
    expect(took()).toEqual(['d', 'ping', 'ping'])
  })

  test('who comes while a sign of life is on its way shares the next, and who waited behind one that fails fails with it', async () => {
    const pings: PromiseWithResolvers<void>[] = []
    const copies = nearKeyValue({
      ...connectRedis({ url: server.url, keyPrefix: 'waiting:', logger }),
      readMany: async keys => keys.map(key => ({ value: key, ttlMs: 60_000 })),
      ping() {
        pings.push(Promise.withResolvers<void>())
        return pings.at(-1)?.promise ?? Promise.reject()
      },
    })
    opened.push(copies)
    await copies.getMany(['a'])
    const turn = () => pause(1)
    const ask = async () => {
      const answer = Promise.allSettled([copies.getMany(['a'])]).then(([{ status }]) => status)
      await turn()
      return answer
    }
    const [first, second, third] = [ask(), turn().then(ask), turn().then(turn).then(ask)]
    await pause(20)
    expect(pings).toHaveLength(1)
    pings[0]?.resolve()
    expect(await first).toBe('fulfilled')
    await turn()
    expect(pings).toHaveLength(2)
    const fourth = ask()
    await turn()
    pings[1]?.reject(new Error('away'))
    expect(await Promise.all([second, third, fourth])).toEqual(['rejected', 'rejected', 'rejected'])
    const fifth = ask()
    await turn()
    pings[2]?.resolve()
    expect(await fifth).toBe('fulfilled')
    expect(pings).toHaveLength(3)
  })

  test('a write of another instance is seen by the very next reader, however often', async () => {
    const [one, other] = [await open(), await open()]
    await one.kv.set('raced', 'before', 60_000)
    for (let round = 0; round < rounds(3000, 200); round++) {
      const value = String(round)
      await other.kv.getMany(['raced'])
      // Readers that have come before may see either.
      const early = other.kv.getMany(['raced'])
      await one.kv.set('raced', value, 60_000)
      expect(await other.kv.getMany(['raced'])).toEqual([value])
      await early
      expect(await other.kv.getMany(['raced'])).toEqual([value])
      expect(await one.kv.getMany(['raced'])).toEqual([value])
    }
  })

  test('a change that comes while the value is on its way leaves no copy of the old one', async () => {
    const [one, other] = [await open(), await open()]
    for (let round = 0; round < rounds(1000, 100); round++) {
      const key = `late${round}`
      await one.kv.set(key, 'old', 60_000)
      await Promise.all([other.kv.getMany([key]), one.kv.set(key, 'new', 60_000)])
      expect(await other.kv.getMany([key])).toEqual(['new'])
    }
  })

  test('what is set where nothing stood, counted, or deleted, is seen too', async () => {
    const [one, other] = [await open('other:'), await open('other:')]
    expect(await other.kv.getMany(['x', 'n'])).toEqual([null, null])
    expect(await one.kv.setIfAbsent('x', '1', 60_000)).toBe(true)
    expect(await one.kv.increment('n', 2, 5, 60_000)).toBe(7)
    expect(await other.kv.getMany(['x', 'n'])).toEqual(['1', '7'])
    const inside = await createClient({ url: server.url }).connect()
    await inside.del('other:x')
    expect(await other.kv.getMany(['x', 'n'])).toEqual([null, '7'])
    await inside.flushAll()
    expect(await other.kv.getMany(['x', 'n'])).toEqual([null, null])
    inside.destroy()
  })

  test('a copy does not outlive the time to live, whoever set it', async () => {
    const [one, other] = [await open(), await open()]
    await one.kv.set('brief', '1', 80)
    expect(await other.kv.getMany(['brief'])).toEqual(['1'])
    const ends = performance.now() + 80
    await until(async () => {
      const [value] = await other.kv.getMany(['brief'])
      await pause(1)
      if (performance.now() > ends + 1) expect(value).toBeNull()
      return value === null
    })
  })

  test('copies go with the connection that was to tell of changes, and come back after', async () => {
    const { kv, took } = await open('lost:')
    await kv.set('a', '1', 60_000)
    await kv.getMany(['a'])
    await server.kill()
    await expect(kv.getMany(['a'])).rejects.toThrow()
    await server.start()
    await until(() =>
      kv.ping().then(
        () => true,
        () => false,
      ),
    )
    expect(await kv.getMany(['a'])).toEqual([null])
    await kv.set('a', '2', 60_000)
    expect(await kv.getMany(['a'])).toEqual(['2'])
    took()
    expect(await kv.getMany(['a'])).toEqual(['2'])
    expect(took()).toEqual(['ping'])
  })

  test('the oldest copies go when there are too many, and what is very long is not copied', async () => {
    const { kv, took } = await open('room:', { room: 1000 })
    const keys = Array.from({ length: 20 }, (_, n) => `key${n}`)
    for (const key of keys) await kv.getMany([key])
    took()
    await kv.getMany(['key19', 'key18'])
    expect(took()).toEqual(['ping'])
    await kv.getMany(['key0'])
    expect(took()).toEqual(['key0'])

    const roomy = await open('long:')
    await roomy.kv.set('long', 'x'.repeat(100_000), 60_000)
    for (let times = 0; times < 2; times++) await roomy.kv.getMany(['long'])
    expect(roomy.took()).toEqual(['long', 'long'])
  })
})
