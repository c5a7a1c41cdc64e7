import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Cache, type Cached, createCache } from '../src/infra/cache/cache.ts'
import type { KeyValue } from '../src/infra/cache/key-value.ts'
import { createMemoryKeyValue } from '../src/infra/cache/memory-key-value.ts'
import { connectRedis } from '../src/infra/cache/redis-key-value.ts'
import { createLogger } from '../src/infra/logger.ts'
import { describeWithRedis, type RedisServer, startRedis, until } from './contracts/key-value.ts'
import { rounds, testHeavy } from './support/heavy.ts'

const quiet = createLogger('silent')

interface Post {
  version: number
  text: string
}

/** A database of posts whose loads can be held back: the read itself happens at once, its result comes late. */
const createDatabase = () => {
  const rows = new Map<string, Post>()
  const calls: string[][] = []
  let gate: Promise<void> = Promise.resolve()
  return {
    calls,
    /** The write lands one turn after it was begun. */
    async put(id: string, version: number) {
      await nextTurn()
      rows.set(id, { version, text: `version ${version}` })
      return version
    },
    async load(ids: readonly string[]) {
      calls.push([...ids])
      const found = new Map<string, Post>()
      for (const id of ids) {
        const row = rows.get(id)
        if (row) found.set(id, row)
      }
      await gate
      await nextTurn()
      return found
    },
    /** Loads that begin from now on wait until the returned function is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return () => {
        gate = Promise.resolve()
        resolve()
      }
    },
  }
}
type Database = ReturnType<typeof createDatabase>

let caches: Cache[] = []
afterEach(async () => {
  await Promise.all(caches.map(cache => cache.close()))
  caches = []
})

const wallOver = (kv: KeyValue, db: Pick<Database, 'load'>, options: { now?: () => number } = {}) => {
  const cache = createCache({ kv, logger: quiet, ...options })
  caches.push(cache)
  return { cache, posts: cache.of<string, Post>('post', { ttlSeconds: 3_600, load: db.load }) }
}

const versions = (found: Map<string, Post>) => [...found].map(([id, post]) => [id, post.version])

/** What the wall does over any store. `connect` gives clients of one store; a new store for each test. */
const wallSuite = (store: () => () => Promise<KeyValue>) => {
  const setUp = async (walls = 1) => {
    const connect = store()
    const db = createDatabase()
    const made = []
    for (let n = 0; n < walls; n++) made.push(wallOver(await connect(), db))
    const raw = await connect()
    const [one, two = one] = made
    if (!one || !two) throw new Error('no wall')
    return { db, raw, one: one.posts, two: two.posts, cache: one.cache }
  }

  /** Fills are sent before the reader goes on; this waits until they have landed. */
  const filled = (posts: Cached<string, Post>, fills: number) => until(() => posts.stats().fills === fills)

  test('the first read loads and fills, the second is answered by the store, its numbers still numbers', async () => {
    const { db, one, two } = await setUp(2)
    await db.put('p1', 7)
    expect(await one.get('p1')).toEqual({ version: 7, text: 'version 7' })
    await filled(one, 1)
    expect(await one.get('p1')).toEqual({ version: 7, text: 'version 7' })
    expect(await two.get('p1')).toEqual({ version: 7, text: 'version 7' })
    expect(db.calls).toEqual([['p1']])
    expect(one.stats()).toMatchObject({
      hits: 1,
      misses: 1,
      loads: 1,
      fills: 1,
      refusedFills: 0,
      failures: 0,
    })
  })

  test('a thousand concurrent reads of one cold id load it once', async () => {
    const { db, one } = await setUp()
    await db.put('p1', 1)
    const read = await Promise.all(Array.from({ length: 1_000 }, () => one.get('p1')))
    expect(read.every(post => post?.version === 1)).toBe(true)
    expect(db.calls).toEqual([['p1']])
  })

  test('repeats and the order of the ids do not matter, and all that is missing is one load', async () => {
    const { db, one } = await setUp()
    for (const [n, id] of ['a', 'b', 'c'].entries()) await db.put(id, n + 1)
    await one.get('b')
    await filled(one, 1)
    const found = await one.getMany(['c', 'b', 'none', 'c', 'a', 'b'])
    expect(versions(found)).toEqual([
      ['c', 3],
      ['b', 2],
      ['a', 1],
    ])
    expect(db.calls).toEqual([['b'], ['c', 'none', 'a']])
    expect(await one.getMany([])).toEqual(new Map())
    await filled(one, 4)
    expect(versions(await one.getMany(['a', 'none', 'b', 'c']))).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(db.calls).toHaveLength(2)
  })

  test('reads that overlap join for the ids under way and load only the rest', async () => {
    const { db, one } = await setUp()
    for (const id of ['a', 'b', 'c']) await db.put(id, 1)
    const release = db.hold()
    const first = one.getMany(['a', 'b'])
    await until(() => db.calls.length === 1)
    const second = one.getMany(['b', 'c', 'a'])
    const third = one.get('c')
    await until(() => db.calls.length === 2)
    release()
    expect(versions(await first)).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect(versions(await second)).toEqual([
      ['b', 1],
      ['c', 1],
      ['a', 1],
    ])
    expect((await third)?.version).toBe(1)
    expect(db.calls).toEqual([['a', 'b'], ['c']])
  })

  test('what does not exist is remembered, until it is created', async () => {
    const { db, one, two } = await setUp(2)
    expect(await one.get('p1')).toBeNull()
    await filled(one, 1)
    expect(await one.get('p1')).toBeNull()
    expect(await two.getMany(['p1'])).toEqual(new Map())
    expect(db.calls).toHaveLength(1)
    await one.dropAfter('p1', db.put('p1', 1))
    expect((await one.get('p1'))?.version).toBe(1)
    expect((await two.get('p1'))?.version).toBe(1)
  })

  test('a fill held back across an update never shows the old value, on any instance', async () => {
    const { db, raw, one, two } = await setUp(2)
    await db.put('p1', 1)
    const release = db.hold()
    const slow = [one.get('p1'), two.get('p1')]
    await until(() => db.calls.length === 2)
    await one.dropAfter('p1', db.put('p1', 2))
    release()
    expect((await Promise.all(slow)).map(post => post?.version)).toEqual([1, 1])
    // One's flight was forgotten by its own drop, two's fill was refused by the tombstone.
    await until(() => one.stats().refusedFills === 1 && two.stats().refusedFills === 1)
    expect((await one.get('p1'))?.version).toBe(2)
    expect((await two.get('p1'))?.version).toBe(2)
    expect(await raw.getMany(['post:p1'])).toEqual([expect.stringMatching(/^t/)])
  })

  test('a reader who comes after the drop does not join a load that began before it', async () => {
    const { db, one, two } = await setUp(2)
    await db.put('p1', 1)
    const release = db.hold()
    const before = [one.get('p1'), two.get('p1')]
    await until(() => db.calls.length === 2)
    await one.dropAfter('p1', db.put('p1', 2))
    const after = [one.get('p1'), two.get('p1')]
    await until(() => db.calls.length === 4)
    // The tombstone is the same: these two may share the loads that the last two began.
    const joined = [one.get('p1'), two.get('p1')]
    // A second write, the first one's tombstone still standing: another nonce, so nobody joins either.
    await two.dropAfter('p1', db.put('p1', 3))
    const last = [one.get('p1'), two.get('p1')]
    await until(() => db.calls.length >= 6)
    release()
    expect((await Promise.all(before)).map(post => post?.version)).toEqual([1, 1])
    expect((await Promise.all(after)).map(post => post?.version)).toEqual([2, 2])
    for (const post of await Promise.all(joined)) expect(post?.version).toBeGreaterThanOrEqual(2)
    expect((await Promise.all(last)).map(post => post?.version)).toEqual([3, 3])
  })

  test('readers of one tombstone share a load, and do not fill', async () => {
    const { db, raw, one } = await setUp()
    await one.dropAfter('p1', db.put('p1', 1))
    const release = db.hold()
    const first = one.get('p1')
    await until(() => db.calls.length === 1)
    const more = Array.from({ length: 50 }, () => one.get('p1'))
    await until(() => one.stats().misses === 51)
    release()
    for (const post of await Promise.all([first, ...more])) expect(post?.version).toBe(1)
    expect(db.calls).toHaveLength(1)
    expect(one.stats()).toMatchObject({ fills: 0, refusedFills: 0 })
    expect(await raw.getMany(['post:p1'])).toEqual([expect.stringMatching(/^t/)])
  })

  test('every drop leaves a tombstone of its own, on every id', async () => {
    const { raw, one } = await setUp()
    await one.drop(['a', 'b'])
    const first = await raw.getMany(['post:a', 'post:b'])
    expect(first).toEqual([expect.stringMatching(/^t/), expect.stringMatching(/^t/)])
    await one.drop('a')
    const [a, b] = await raw.getMany(['post:a', 'post:b'])
    expect(a).toMatch(/^t/)
    expect(a).not.toBe(first[0])
    expect(b).toBe(first[1])
  })

  test('a failed load rejects all who wait for it and leaves nothing behind', async () => {
    const kv = await store()()
    let fail = true
    const gate = Promise.withResolvers<void>()
    const calls: string[][] = []
    const load = async (ids: readonly string[]) => {
      calls.push([...ids])
      await gate.promise
      if (fail) throw new Error('the table is away')
      return new Map(ids.map(id => [id, { version: 1, text: '' }]))
    }
    const { posts } = wallOver(kv, { load })
    const waiters = Promise.allSettled([posts.get('a'), posts.get('a'), posts.getMany(['a', 'b'])])
    await until(() => calls.length === 2)
    gate.resolve()
    const outcomes = await waiters
    expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected', 'rejected'])
    await expect(posts.get('a')).rejects.toThrow('the table is away')
    fail = false
    expect(versions(await posts.getMany(['a', 'b']))).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    await until(() => posts.stats().fills === 2)
  })

  test('a load that throws before it begins rejects like any other', async () => {
    const { posts } = wallOver(await store()(), {
      load() {
        throw new Error('no table')
      },
    })
    await expect(posts.get('a')).rejects.toThrow('no table')
    await expect(posts.get('a')).rejects.toThrow('no table')
  })

  test('dropAfter gives what the write gave, or throws what it threw, and drops either way', async () => {
    const { db, one, two } = await setUp(2)
    await db.put('p1', 1)
    await one.get('p1')
    await filled(one, 1)
    expect(await one.dropAfter('p1', db.put('p1', 2))).toBe(2)
    expect((await two.get('p1'))?.version).toBe(2)

    const { db: other, one: third, two: fourth } = await setUp(2)
    await other.put('p1', 1)
    await third.get('p1')
    await filled(third, 1)
    const timedOut = other.put('p1', 2).then(() => {
      throw new Error('timed out')
    })
    await expect(third.dropAfter(['p1'], timedOut)).rejects.toThrow('timed out')
    expect((await fourth.get('p1'))?.version).toBe(2)
  })

  test('an entry that is not ours is read past', async () => {
    const { db, raw, one } = await setUp()
    await db.put('p1', 1)
    for (const entry of ['v{broken', '', 'x']) {
      await raw.set('post:p1', entry, 60_000)
      expect((await one.get('p1'))?.version).toBe(1)
    }
    expect(one.stats()).toMatchObject({ loads: 3, fills: 0 })
  })

  test('two kinds of record keep apart, count apart, and take their name once', async () => {
    const { db, one, cache } = await setUp()
    await db.put('x', 1)
    const users = cache.of<string, string>('user', {
      ttlSeconds: 60,
      load: async () => new Map([['x', 'ann']]),
    })
    expect(await users.get('x')).toBe('ann')
    expect((await one.get('x'))?.version).toBe(1)
    expect(Object.keys(cache.stats())).toEqual(['post', 'user'])
    expect(cache.stats().user).toMatchObject({ misses: 1, loads: 1 })
    expect(() => cache.of('user', { ttlSeconds: 60, load: async () => new Map() })).toThrow('user')
  })
}

describe('the wall in memory', () => {
  wallSuite(() => {
    const kv = createMemoryKeyValue()
    return async () => ({ ...kv, close: async () => {} })
  })

  const setUp = (random = () => 0) => {
    const clock = { ms: 0 }
    const now = () => clock.ms
    const kv = createMemoryKeyValue({ now })
    const db = createDatabase()
    const cache = createCache({ kv, logger: quiet, now, random })
    caches.push(cache)
    return {
      clock,
      kv,
      db,
      cache,
      posts: cache.of<string, Post>('post', { ttlSeconds: 3_600, load: db.load }),
    }
  }

  test('a fill whose load took longer than half a tombstone stands is withheld', async () => {
    const { clock, kv, db, posts } = setUp()
    await db.put('p1', 1)
    let release = db.hold()
    const slow = posts.get('p1')
    await until(() => db.calls.length === 1)
    clock.ms += 2_501
    release()
    expect((await slow)?.version).toBe(1)
    expect(posts.stats()).toMatchObject({ fills: 0, refusedFills: 1 })
    expect(await kv.getMany(['post:p1'])).toEqual([null])
    await nextTurn()
    await nextTurn()

    release = db.hold()
    const inTime = posts.get('p1')
    await until(() => db.calls.length === 2)
    clock.ms += 2_500
    release()
    await inTime
    expect(posts.stats()).toMatchObject({ fills: 1, refusedFills: 1 })
  })

  test('a load that outlasts a tombstone is not joined by those who come after the write', async () => {
    const { clock, kv, db, posts } = setUp()
    await db.put('p1', 1)
    const release = db.hold()
    const slow = posts.get('p1')
    await until(() => db.calls.length === 1)
    // Another instance writes and drops; then its tombstone lapses, the load still under way.
    await db.put('p1', 2)
    await kv.set('post:p1', 'tnonce', 5_000)
    clock.ms += 5_000
    const after = posts.get('p1')
    await until(() => db.calls.length === 2)
    release()
    expect((await slow)?.version).toBe(1)
    expect((await after)?.version).toBe(2)
    expect((await posts.get('p1'))?.version).toBe(2)
  })

  test('a tombstone stands for five seconds, a negative for ten, a value for its jittered time to live', async () => {
    const { clock, kv, db, posts } = setUp(() => 0.5)
    const standing = async (id: string) => (await kv.getMany([`post:${id}`]))[0]?.[0] ?? null
    await db.put('real', 1)
    await posts.drop('dropped')
    await posts.getMany(['none', 'real'])
    clock.ms = 4_999
    expect(await standing('dropped')).toBe('t')
    clock.ms = 5_000
    expect(await standing('dropped')).toBeNull()
    clock.ms = 9_999
    expect(await standing('none')).toBe('n')
    clock.ms = 10_000
    expect(await standing('none')).toBeNull()
    clock.ms = 3_600_000 * 0.95 - 1
    expect(await standing('real')).toBe('v')
    clock.ms += 1
    expect(await standing('real')).toBeNull()
  })

  test('a store that evicts the tombstone does not take this instance back to the old value', async () => {
    const kv = createMemoryKeyValue({ maxEntries: 1 })
    const db = createDatabase()
    const { posts } = wallOver(kv, db)
    await db.put('p1', 1)
    const release = db.hold()
    const slow = posts.get('p1')
    await until(() => db.calls.length === 1)
    await posts.dropAfter('p1', db.put('p1', 2))
    await posts.drop('another')
    release()
    expect((await slow)?.version).toBe(1)
    expect((await posts.get('p1'))?.version).toBe(2)
  })
})

describe('the wall over a store that answers out of step', () => {
  test('a reader whose "absent" was read before a fill, and arrives after it, joins the load that filled', async () => {
    const memory = createMemoryKeyValue()
    const filled = Promise.withResolvers<void>()
    let reads = 0
    const kv: KeyValue = {
      ...memory,
      async getMany(keys) {
        const entries = await memory.getMany(keys)
        if (++reads === 2) await filled.promise
        return entries
      },
      async setIfAbsent(key, value, ttl) {
        const landed = await memory.setIfAbsent(key, value, ttl)
        filled.resolve()
        return landed
      },
    }
    const db = createDatabase()
    const { posts } = wallOver(kv, db)
    await db.put('p1', 1)
    const read = await Promise.all([posts.get('p1'), posts.get('p1')])
    expect(read.map(post => post?.version)).toEqual([1, 1])
    expect(posts.stats()).toMatchObject({ hits: 0, misses: 2, loads: 1, fills: 1 })
  })

  test('an owed drop that arrives does not settle the debt of a later write', async () => {
    const memory = createMemoryKeyValue()
    const held: PromiseWithResolvers<void>[] = []
    let away = true
    const kv: KeyValue = {
      ...memory,
      async set(key, value, ttl) {
        if (away) throw new Error('away')
        const reply = Promise.withResolvers<void>()
        held.push(reply)
        await memory.set(key, value, ttl)
        await reply.promise
      },
    }
    const db = createDatabase()
    const { cache, posts } = wallOver(kv, db)
    await posts.dropAfter('p1', db.put('p1', 1))
    away = false
    await until(() => held.length === 1)
    away = true
    await posts.dropAfter('p1', db.put('p1', 2))
    away = false
    held[0]?.resolve()
    await until(() => held.length === 2)
    expect(cache.status()).toBe('degraded')
    held[1]?.resolve()
    await until(() => cache.status() === 'ok')
  })
})

/**
 * Two walls over one store and a database of versions. The scheduler decides in which order everything
 * happens: when an operation starts, when its command reaches the store and when the reply comes back, when
 * a load or a write takes effect and when that is known. The model's one assumption is the real store's
 * limit: a fill that is on its way for more than a second never lands.
 */
const neverBackwards = async (scheduler: fc.Scheduler, operations: readonly Operation[]) => {
  const clock = { ms: 0 }
  const now = () => clock.ms
  const step = (label: string) => scheduler.schedule(Promise.resolve(), label)
  const memory = createMemoryKeyValue({ now })
  const travelling = async <T>(label: string, apply: () => Promise<T>) => {
    await step(`${label} arrives`)
    const reply = await apply()
    await step(`${label} returns`)
    return reply
  }
  const kv: KeyValue = {
    ...memory,
    getMany: keys => travelling('get', () => memory.getMany(keys)),
    set: (key, value, ttl) => travelling('set', () => memory.set(key, value, ttl)),
    setIfAbsent: (key, value, ttl) => {
      const sent = now()
      return travelling(
        'fill',
        async () => now() - sent <= 1_000 && (await memory.setIfAbsent(key, value, ttl)),
      )
    },
  }
  const rows = new Map<string, number>()
  const load = async (ids: readonly string[]) => {
    await step('load begins')
    const found = new Map<string, number>()
    for (const id of ids) {
      const version = rows.get(id)
      if (version !== undefined) found.set(id, version)
    }
    await step('load ends')
    return found
  }
  const walls = [0, 1].map(() => {
    const cache = createCache({ kv, logger: quiet, now })
    return { cache, versions: cache.of<string, number>('row', { ttlSeconds: 8, load }) }
  })
  const acknowledged = new Map<string, number>()
  const violations: string[] = []

  const write = async (id: string, timesOut: boolean) => {
    await step('write begins')
    const version = (rows.get(id) ?? 0) + 1
    rows.set(id, version)
    await step('write ends')
    if (timesOut) throw new Error('timed out')
  }

  const perform = async ({ wall, ids, act, ms }: Operation) => {
    const { versions: cached } = walls[wall] ?? { versions: undefined }
    const [id] = ids
    if (!cached || id === undefined) return
    if (act === 'wait') clock.ms += ms
    else if (act === 'drop') await cached.drop(ids)
    else if (act === 'read') {
      const least = ids.map(each => acknowledged.get(each) ?? 0)
      const found = await cached.getMany(ids)
      ids.forEach((each, index) => {
        const version = found.get(each) ?? 0
        const floor = least[index] ?? 0
        if (version < floor) violations.push(`wall ${wall} read ${each} at ${version} after ${floor}`)
      })
    } else {
      let version = 0
      const writing = write(id, act === 'write that times out').finally(() => {
        version = rows.get(id) ?? 0
      })
      await cached.dropAfter(id, writing).catch(() => {})
      acknowledged.set(id, Math.max(version, acknowledged.get(id) ?? 0))
    }
  }

  const performed = operations.map(async operation => {
    await step(`${operation.act} starts`)
    await perform(operation)
  })
  let finished = false
  const all = Promise.all(performed).finally(() => {
    finished = true
  })
  while (!finished) {
    if (scheduler.count() > 0) await scheduler.waitNext(1)
    await nextTurn()
  }
  await all
  for (const { cache } of walls) await cache.close()
  return violations
}

interface Operation {
  wall: number
  ids: string[]
  act: 'read' | 'write' | 'write that times out' | 'drop' | 'wait'
  ms: number
}

// Few ids, so that the operations meet; waits on either side of every limit that the wall keeps.
const operation: fc.Arbitrary<Operation> = fc.record({
  wall: fc.nat(1),
  ids: fc.constantFrom(['a'], ['a'], ['a', 'b'], ['b', 'a']),
  act: fc.oneof(
    { weight: 8, arbitrary: fc.constant('read' as const) },
    { weight: 3, arbitrary: fc.constant('write' as const) },
    { weight: 1, arbitrary: fc.constantFrom('write that times out' as const, 'drop' as const) },
    { weight: 4, arbitrary: fc.constant('wait' as const) },
  ),
  ms: fc.constantFrom(900, 2_400, 5_000),
})

test('whatever happens in whatever order, no read that starts after a write shows an older version', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(operation, { minLength: 8, maxLength: 24 }),
      async (scheduler, operations) => {
        expect(await neverBackwards(scheduler, operations)).toEqual([])
      },
    ),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? rounds(300, 60)) },
  )
}, 600_000)

describeWithRedis('the wall over Redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.remove())

  let raws: KeyValue[] = []
  afterEach(async () => {
    await Promise.all(raws.map(kv => kv.close()))
    raws = []
  })

  const connect = async (to: RedisServer, keyPrefix: string, commandTimeoutMs = 10_000) => {
    const kv = connectRedis({ socketPath: to.socketPath, keyPrefix, logger: quiet, commandTimeoutMs })
    raws.push(kv)
    await kv.ready
    return kv
  }

  wallSuite(() => {
    const keyPrefix = `${randomUUID()}:`
    return () => connect(server, keyPrefix)
  })

  const withServer = async (
    options: { aof?: boolean; started?: boolean },
    use: (own: RedisServer) => Promise<void>,
  ) => {
    const own = await startRedis(options)
    try {
      await use(own)
    } finally {
      own.thaw()
      await own.remove()
    }
  }

  /** Reads and writes without a pause until told to stop; every acknowledged version is a floor for later reads. */
  const underLoad = (posts: Cached<string, Post>, db: Database) => {
    const state = { stop: false, reads: 0, violations: 0, floor: 0 }
    const reader = async () => {
      while (!state.stop) {
        const { floor } = state
        const post = await posts.get('p1')
        if ((post?.version ?? 0) < floor) state.violations++
        state.reads++
        await nextTurn()
      }
    }
    const writer = async () => {
      for (let version = 1; !state.stop; version++) {
        state.floor = await posts.dropAfter('p1', db.put('p1', version))
        const { reads } = state
        await until(() => state.stop || state.reads > reads + 10)
      }
    }
    const done = Promise.all([writer(), ...Array.from({ length: 20 }, reader)])
    return {
      state,
      async moreReads() {
        const target = state.reads + 200
        // A reader that rejects ends the load; the test must see that and not wait for ever.
        await Promise.race([done, until(() => state.reads >= target)])
      },
      async stop() {
        state.stop = true
        await done
      },
    }
  }

  test('killed under load: no read fails or shows what is old, and it is used again once it is back', async () => {
    await withServer({ aof: true }, async own => {
      const db = createDatabase()
      const { cache, posts } = wallOver(await connect(own, 'kill:'), db)
      const load = underLoad(posts, db)
      await load.moreReads()
      expect(cache.status()).toBe('ok')
      for (let round = 0; round < 2; round++) {
        await own.kill()
        await until(() => cache.status() === 'degraded')
        await load.moreReads()
        await own.start()
        await until(() => cache.status() === 'ok')
        await load.moreReads()
      }
      await load.stop()
      expect(load.state.violations).toBe(0)
    })
  })

  test('frozen under load: no read fails or shows what is old, and it is used again once it goes on', async () => {
    await withServer({}, async own => {
      const db = createDatabase()
      const { cache, posts } = wallOver(await connect(own, 'freeze:', 50), db)
      const load = underLoad(posts, db)
      await load.moreReads()
      own.freeze()
      await until(() => cache.status() === 'degraded')
      await load.moreReads()
      own.thaw()
      await until(() => cache.status() === 'ok')
      await load.moreReads()
      await load.stop()
      expect(load.state.violations).toBe(0)
    })
  })

  test('a Redis that comes back with its old data never brings this instance back to the old value', async () => {
    await withServer({ aof: true }, async own => {
      const db = createDatabase()
      const { cache, posts } = wallOver(await connect(own, 'aof:'), db)
      const raw = await connect(own, 'aof:')
      const old = async () => (await raw.getMany(['post:p1']).catch(() => []))[0]?.startsWith('v') ?? false
      await db.put('p1', 1)
      await posts.get('p1')
      await until(old)
      // It does keep its data: killed and started, the old value is there.
      await own.kill()
      await own.start()
      await until(old)

      await own.kill()
      await expect(posts.dropAfter('p1', db.put('p1', 2))).resolves.toBe(2)
      expect(cache.status()).toBe('degraded')
      const read: (number | undefined)[] = []
      const reading = (async () => {
        for (let more = 50; more > 0; ) {
          read.push((await posts.get('p1'))?.version)
          await nextTurn()
          if (cache.status() === 'ok') more--
        }
      })()
      await until(() => read.length > 10)
      await own.start()
      await reading
      expect(new Set(read)).toEqual(new Set([2]))
      await until(async () => (await raw.getMany(['post:p1']).catch(() => []))[0]?.startsWith('t') ?? false)
    })
  })

  test('a drop that does not reach the store throws, is owed, and is delivered later', async () => {
    await withServer({}, async own => {
      const db = createDatabase()
      const { cache, posts } = wallOver(await connect(own, 'owed:'), db)
      const raw = await connect(own, 'owed:')
      await own.kill()
      await expect(posts.drop(['a', 'b'])).rejects.toThrow('did not reach')
      const failed = db.put('c', 1).then(() => {
        throw new Error('the write failed')
      })
      await expect(posts.dropAfter('c', failed)).rejects.toThrow('the write failed')
      expect(cache.status()).toBe('degraded')
      await own.start()
      await until(() => cache.status() === 'ok')
      const tombstone = expect.stringMatching(/^t/)
      await until(async () =>
        raw.ping().then(
          () => true,
          () => false,
        ),
      )
      expect(await raw.getMany(['post:a', 'post:b', 'post:c'])).toEqual([tombstone, tombstone, tombstone])
    })
  })

  test('a wall that is closed while a drop is owed still delivers it to a store that is on its way back', async () => {
    await withServer({}, async own => {
      const { cache, posts } = wallOver(await connect(own, 'last:'), createDatabase())
      await own.kill()
      await expect(posts.drop('a')).rejects.toThrow('did not reach')
      const closed = cache.close()
      await own.start()
      await closed
      const raw = await connect(own, 'last:')
      expect(await raw.getMany(['post:a'])).toEqual([expect.stringMatching(/^t/)])
    })
  })

  test('as long as a drop is owed the store is neither read nor filled', async () => {
    await withServer({}, async own => {
      const db = createDatabase()
      const redis = await connect(own, 'past:')
      const refusing = { drops: false }
      const kv: KeyValue = {
        ...redis,
        async set(key, value, ttl) {
          if (refusing.drops) throw new Error('READONLY')
          await redis.set(key, value, ttl)
        },
      }
      const { cache, posts } = wallOver(kv, db)
      await db.put('p1', 1)
      await db.put('p2', 1)
      await posts.get('p1')
      await until(() => posts.stats().fills === 1)
      const release = db.hold()
      const slow = posts.get('p2')
      await until(() => db.calls.length === 2)
      refusing.drops = true
      await posts.dropAfter('p1', db.put('p1', 2))
      release()
      await slow
      expect(posts.stats()).toMatchObject({ fills: 1, refusedFills: 1 })
      expect(await redis.getMany(['post:p1', 'post:p2'])).toEqual([expect.stringMatching(/^v/), null])
      expect((await posts.get('p1'))?.version).toBe(2)
      expect((await posts.get('p2'))?.version).toBe(1)
      refusing.drops = false
      await until(() => cache.status() === 'ok')
      expect((await posts.get('p1'))?.version).toBe(2)
    })
  })

  testHeavy('past ten thousand owed drops the oldest are given up, with one warning', async () => {
    await withServer({ started: false }, async own => {
      const warnings: string[] = []
      const logger = createLogger('warn', { write: line => void warnings.push(JSON.parse(line).msg) })
      const cache = createCache({ kv: await connect(own, 'many:'), logger })
      caches.push(cache)
      const posts = cache.of<string, Post>('post', { ttlSeconds: 60, load: async () => new Map() })
      const ids = Array.from({ length: 10_005 }, (_, n) => String(n))
      await expect(posts.drop(ids)).rejects.toThrow('did not reach')
      expect(warnings.filter(message => message.includes('too many drops'))).toHaveLength(1)
      await own.start()
      await until(() => cache.status() === 'ok')
      const raw = await connect(own, 'many:')
      // The last drop of all is among those kept; the very first five are not.
      const standing = await raw.getMany(ids.map(id => `post:${id}`))
      expect(standing.slice(0, 5)).toEqual([null, null, null, null, null])
      expect(standing.at(-1)).toMatch(/^t/)
    })
  })

  test('no value and no id is ever logged', async () => {
    await withServer({}, async own => {
      const lines: string[] = []
      const logger = createLogger('trace', { write: line => void lines.push(line) })
      const kv = connectRedis({ url: own.url, keyPrefix: 'log:', logger })
      const cache = createCache({ kv, logger })
      caches.push(cache)
      const posts = cache.of('post', { ttlSeconds: 60, load: async () => new Map([['id-42', 'classified']]) })
      await kv.ready
      expect(await posts.get('id-42')).toBe('classified')
      await own.kill()
      for (let n = 0; n < 5; n++) {
        expect(await posts.get('id-42')).toBe('classified')
        await posts.drop('id-42').catch(() => {})
      }
      await own.start()
      await until(() => cache.status() === 'ok')
      expect(lines.length).toBeGreaterThan(3)
      expect(lines.join('')).not.toMatch(/classified|id-42/)
    })
  })

  test('closed, it retries no more and the store is closed', async () => {
    await withServer({}, async own => {
      const kv = await connect(own, 'close:')
      const { cache, posts } = wallOver(kv, createDatabase())
      await own.kill()
      await posts.drop('a').catch(() => {})
      await cache.close()
      await own.start()
      await expect(kv.ping()).rejects.toThrow()
      expect(await posts.get('a')).toBeNull()
    })
  })
})
