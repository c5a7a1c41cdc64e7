import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { unavailable } from '../src/lib/errors.ts'
import { startApp, type TestApp } from './support/app.ts'
import { startDynamoProxy } from './support/dynamo-proxy.ts'
import type { Reply } from './support/exchange.ts'
import { codeOf, essenceOf, isReplay, keyed } from './support/keyed.ts'
import { expectProblem } from './support/problems.ts'
import { rowsOf } from './support/rows.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

/** The transaction that has the effect of a request with a key. */
const isEffect = ({ method, tables }: DatabaseCall) =>
  method === 'transact' && tables.includes('IdempotencyKeys')

describe('while the first request is not answered', () => {
  let app: TestApp
  let ann: SeededUser
  let atEffect: () => Promise<void> = async () => {}

  beforeAll(async () => {
    app = await startApp(
      {},
      {
        claims: { leaseMs: 1000 },
        backends: watchDatabase(call => (isEffect(call) ? atEffect() : undefined)),
      },
    )
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  const write = (key: string, content: string) => keyed(app, ann, key, '/posts', { content })
  const claimOf = async () => (await rowsOf(app, 'IdempotencyKeys')).find(row => row.lease !== undefined)
  const postsSaying = async (content: string) => (await rowsOf(app, 'Posts', content)).length

  /** Holds the next effect back. */
  const holdOne = () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    atEffect = () => {
      atEffect = async () => {}
      reached.resolve()
      return gate.promise
    }
    return { reached: reached.promise, release: gate.resolve }
  }

  test('its twin is told to come again, for as long as it takes', async () => {
    const held = holdOne()
    const key = randomUUID()
    const first = write(key, 'Held back')
    await held.reached
    const told = await write(key, 'Held back')
    expectProblem(told, { status: 409, code: 'request_in_progress' })
    expect(told.headers.get('retry-after')).toBe('1')
    expect(codeOf(await write(key, 'Something else'))).toBe('422 idempotency_key_reused')

    // Past the first lease, which has been renewed.
    const begun = Number((await claimOf())?.lease_until)
    await until(
      () => Date.now(),
      now => now > begun,
    )
    expect(codeOf(await write(key, 'Held back'))).toBe('409 request_in_progress')
    expect(await postsSaying('Held back')).toBe(0)
    held.release()
    const reply = await first
    expect(reply.status).toBe(201)
    expect(essenceOf(await write(key, 'Held back'))).toEqual(essenceOf(reply))
    expect(await postsSaying('Held back')).toBe(1)
  })

  test('and is taken for dead, its twin takes over and it comes too late', async () => {
    const held = holdOne()
    const key = randomUUID()
    const first = write(key, 'Too late')
    await held.reached
    // As it is when the process stood still for longer than its lease.
    await app.context.backends.dynamo.update('IdempotencyKeys', {
      Key: { key_hash: (await claimOf())?.key_hash },
      UpdateExpression: 'SET lease_until = :past',
      ExpressionAttributeValues: { ':past': 1 },
    })
    const heir = await write(key, 'Too late')
    expect([heir.status, isReplay(heir)]).toEqual([201, false])
    held.release()
    expectProblem(await first, { status: 409, code: 'request_in_progress' })
    expect(await postsSaying('Too late')).toBe(1)
    expect(essenceOf(await write(key, 'Too late'))).toEqual(essenceOf(heir))
  })

  test('and fails, its key is free', async () => {
    atEffect = async () => {
      atEffect = async () => {}
      throw unavailable('The database did not answer in time.', 1)
    }
    const key = randomUUID()
    expect((await write(key, 'Tried again')).status).toBe(503)
    const again = await until(
      () => write(key, 'Tried again'),
      ({ status }) => status !== 409,
    )
    expect([again.status, isReplay(again)]).toEqual([201, false])
    expect(await postsSaying('Tried again')).toBe(1)
  })
})

describe('an effect that is there although nobody was told', () => {
  test('is found by the retry, and its reply', async () => {
    let losing = false
    const proxy = await startDynamoProxy(({ operation, input }) => {
      const effect = operation === 'TransactWriteItems' && JSON.stringify(input).includes('IdempotencyKeys')
      return losing && effect ? 'lost' : undefined
    })
    const app = await startApp({ DYNAMODB_ENDPOINT: proxy.endpoint })
    const ann = await seedInto(app).user('ann')
    const write = () => keyed(app, ann, 'a key', '/posts', { content: 'Written, not acknowledged' })
    losing = true
    expectProblem(await write(), { status: 503, code: 'unavailable' })
    losing = false
    const again = await write()
    expect([again.status, isReplay(again)]).toEqual([201, true])
    const rows = await rowsOf(app, 'Posts', 'not acknowledged')
    expect(rows.map(({ post_id }) => post_id)).toEqual([JSON.parse(again.text).post.post_id])
    await app.close()
    await proxy.close()
  })
})

const isGood = ({ reply }: { reply: Reply }) => reply.status === 201

describe('whatever is sent again and again', () => {
  let apps: TestApp[]

  beforeAll(async () => {
    const app = await startApp()
    apps = [app, await startApp(app.env)]
  })
  afterAll(() => Promise.all(apps.map(app => app.close())))

  const sending = fc.record({
    user: fc.nat(1),
    key: fc.constantFrom('a', 'b', 'c'),
    content: fc.constantFrom('One', 'Two'),
    at: fc.nat(1),
  })
  interface Sending {
    user: number
    key: string
    content: string
    at: number
  }

  /** What each key of each user stands for, as far as replies have told. */
  const createLedger = () => {
    const first = new Map<string, { content: string; text: string }>()
    return {
      enter({ user, key, content }: Sending, reply: Reply) {
        const name = `${user} ${key}`
        const known = first.get(name)
        if (reply.status === 201) {
          expect({ content, text: reply.text }).toEqual(known ?? { content, text: reply.text })
          first.set(name, { content, text: reply.text })
        } else {
          const allowed = ['409 request_in_progress', '422 idempotency_key_reused']
          // Whoever has had a reply gets it again.
          expect(known?.content === content ? [] : allowed).toContain(codeOf(reply))
        }
      },
      effectsOf: (user: number) => [...first.keys()].filter(name => name.startsWith(`${user} `)).length,
    }
  }

  test('each key has one effect, one body and one reply', async () => {
    const [app] = apps
    if (!app) throw new Error('there is no app')
    const wave = fc.array(sending, { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(wave, { minLength: 1, maxLength: 4 }), async waves => {
        const users = await seedInto(app).users('ann', 'bob')
        const ledger = createLedger()
        for (const sent of waves) {
          const send = ({ user, key, content, at }: Sending) =>
            keyed(apps[at] ?? app, users[user] ?? users[0], key, '/posts', { content })
          const replies = await Promise.all(sent.map(async one => ({ one, reply: await send(one) })))
          const [good, bad] = [replies.filter(isGood), replies.filter(told => !isGood(told))]
          for (const { one, reply } of bad) ledger.enter(one, reply)
          for (const { one, reply } of good) ledger.enter(one, reply)
        }
        for (const [at, { user_id }] of users.entries()) {
          const [counted] = await rowsOf(app, 'Users', user_id)
          const rows = await rowsOf(app, 'UserPosts', user_id)
          const effects = ledger.effectsOf(at)
          expect([rows.length, counted?.posts_count]).toEqual([effects, effects])
        }
      }),
      { numRuns: 12 },
    )
  })
})
