import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange } from './support/exchange.ts'
import { describeHeavy } from './support/heavy.ts'
import { expectProblem } from './support/problems.ts'
import { type SeededUser, seedInto } from './support/seed.ts'

const LIMITED = { status: 429, code: 'rate_limited' }
const WRONG = { status: 401, code: 'invalid_credentials' }

let app: TestApp
const start = async () => {
  app = await startApp({ RATE_LIMITS: 'on', TRUST_PROXY: '1' })
}
afterEach(() => app.close())

const login = (email: string, password: string, address: string, through = app) =>
  exchange(through.url, {
    method: 'POST',
    path: '/auth/login',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
    body: JSON.stringify({ email, password }),
  })

const guess = (email: string, address: string, through = app) =>
  login(email, 'not the password', address, through)

const ownLogin = ({ email, password }: SeededUser, address: string) => login(email, password, address)

/** The n-th of 65,536 addresses. */
const address = (n: number) => `198.18.${n >> 8}.${n & 255}`

const HOME = '192.0.2.1'
const ABROAD = '192.0.2.2'

/** Sends them with some under way at once, and counts the statuses. */
const count = async <T>(items: readonly T[], send: (item: T) => Promise<{ status: number }>, lanes = 16) => {
  const statuses = new Map<number, number>()
  const left = items.values()
  const lane = async () => {
    for (const item of left) {
      const { status } = await send(item)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return Object.fromEntries(statuses)
}

describe('wrong passwords', () => {
  let ann: SeededUser
  let bob: SeededUser
  const seed = async () => {
    await start()
    ;[ann, bob] = await seedInto(app).users('ann', 'bob')
  }

  test('stop whoever guesses, for this account and from this address alone', async () => {
    await seed()
    for (let times = 0; times < 10; times++) expectProblem(await guess(ann.email, HOME), WRONG)
    const refused = await guess(ann.email, HOME)
    expectProblem(refused, LIMITED)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(29 * 60)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(30 * 60)
    // Also with the right one, or it would be told by the reply.
    expectProblem(await ownLogin(ann, HOME), LIMITED)
    expectProblem(await login(`  ${ann.email.toUpperCase()} `, ann.password, HOME), LIMITED)
    expect((await ownLogin(bob, HOME)).status).toBe(200)
    expect((await ownLogin(ann, ABROAD)).status).toBe(200)
  })

  test('are forgiven when the right one comes in time', async () => {
    await seed()
    for (let round = 0; round < 3; round++) {
      for (let times = 0; times < 9; times++) expect((await guess(ann.email, HOME)).status).toBe(401)
      expect((await ownLogin(ann, HOME)).status).toBe(200)
    }
  })

  test('are as many when they come all at once', async () => {
    await seed()
    const seen = await count(Array(60).fill(ann.email), email => guess(email, HOME), 60)
    expect(seen[401]).toBeLessThanOrEqual(10)
    expect(seen[401]).toBeGreaterThan(0)
  })

  test('are counted alike where there is no such account', async () => {
    await seed()
    const told = async (email: string) => {
      const replies = []
      for (let times = 0; times < 12; times++) {
        const { status, headers, text } = await guess(email, HOME)
        const { request_id: _, ...problem } = JSON.parse(text)
        replies.push([status, headers.get('ratelimit-limit'), [...headers.keys()].sort(), problem])
      }
      return replies
    }
    const known = await told(ann.email)
    expect(await told('nobody@example.com')).toEqual(known)
    expect(known.map(([status]) => status)).toEqual([...Array<number>(10).fill(401), 429, 429])
  })

  test('from everywhere leave the owner in, where she has been before', async () => {
    await seed()
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    const guesses = Array.from({ length: 150 }, (_, n) => address(n % 50))
    const seen = await count(guesses, from => guess(ann.email, from), 4)
    expect(seen).toEqual({ 401: 100, 429: 50 })
    expectProblem(await ownLogin(ann, ABROAD), LIMITED)
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    expect((await ownLogin(bob, address(0))).status).toBe(200)
    // Also where nothing is left of what Redis knew.
    const other = await startApp({ ...app.env, REDIS_URL: 'redis://127.0.0.1:1' })
    const again = await count(guesses, from => guess(ann.email, from, other), 4)
    expect(again).toEqual({ 401: 100, 429: 50 })
    expectProblem(await login(ann.email, ann.password, ABROAD, other), LIMITED)
    expect((await login(ann.email, ann.password, HOME, other)).status).toBe(200)
    await other.close()
  })

  test('for everybody leave those in who share the address and have been there before', async () => {
    await seed()
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    const accounts = Array.from({ length: 350 }, (_, n) => `account${n % 100}@example.com`)
    expect(await count(accounts, email => guess(email, HOME), 4)).toEqual({ 401: 300, 429: 50 })
    expectProblem(await ownLogin(bob, HOME), LIMITED)
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    expect((await ownLogin(bob, ABROAD)).status).toBe(200)
  })

  test('that were none, since the database was away, are not counted', async () => {
    await seed()
    const { dynamo } = app.context.backends
    const get = dynamo.get
    dynamo.get = async () => {
      throw new Error('away')
    }
    for (let times = 0; times < 15; times++) expect((await guess(ann.email, HOME)).status).toBe(500)
    dynamo.get = get
    expect((await ownLogin(ann, HOME)).status).toBe(200)
  })
})

describe('an account', () => {
  test('can be logged in to sixty times in a quarter of an hour from one address', async () => {
    await start()
    const ann = await seedInto(app).user('ann')
    expect(await count(Array(65).fill(HOME), from => ownLogin(ann, from), 4)).toEqual({ 200: 60, 429: 5 })
    expect((await ownLogin(ann, ABROAD)).status).toBe(200)
  })

  test('is signed up for ten times an hour, and its address is asked for no more often', async () => {
    await start()
    const register = (from: string) =>
      exchange(app.url, {
        method: 'POST',
        path: '/auth/register',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': from },
        body: JSON.stringify({ email: 'cat@example.com', password: 'a good password', name: 'Cat' }),
      })
    const seen = await count(
      Array.from({ length: 12 }, (_, n) => address(n)),
      register,
      1,
    )
    expect(seen).toEqual({ 201: 1, 409: 9, 429: 2 })
  })

  test('gets new tokens 120 times in a quarter of an hour, and a made-up token uses up nothing', async () => {
    await start()
    const ann = await seedInto(app).user('ann')
    const refresh = (refresh_token: string, from: string) =>
      exchange(app.url, {
        method: 'POST',
        path: '/auth/refresh',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': from },
        body: JSON.stringify({ refresh_token }),
      })
    let token = ann.refresh_token
    const forged = Buffer.from(token, 'base64url')
    forged.writeUInt8(forged.readUInt8(0) ^ 1, 0)
    for (let times = 0; times < 120; times++) {
      expect((await refresh(forged.toString('base64url'), address(times))).status).toBe(401)
      const reply = await refresh(token, address(times))
      expect(reply.status).toBe(200)
      token = JSON.parse(reply.text).refresh_token
    }
    expectProblem(await refresh(token, HOME), LIMITED)
  })
})

describeHeavy('ten thousand guesses', () => {
  const GUESSES = 10_000

  test('at one account from 500 addresses: 100 get through, and the owner', async () => {
    await start()
    const ann = await seedInto(app).user('ann')
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    const guesses = Array.from({ length: GUESSES }, (_, n) => address(n % 500))
    const seen = await count(guesses, from => guess(ann.email, from))
    process.stdout.write(`10,000 guesses at one account from 500 addresses: ${JSON.stringify(seen)}\n`)
    expect(seen[401]).toBeLessThanOrEqual(100)
    expect((seen[401] ?? 0) + (seen[429] ?? 0)).toBe(GUESSES)
    expect((await ownLogin(ann, HOME)).status).toBe(200)
  }, 120_000)

  test('at 500 accounts from one address: 300 get through, and the owners, and their neighbour', async () => {
    await start()
    const [ann, bob] = await seedInto(app).users('ann', 'bob')
    expect((await ownLogin(bob, ABROAD)).status).toBe(200)
    const accounts = [ann.email, ...Array.from({ length: 499 }, (_, n) => `account${n}@example.com`)]
    const guesses = Array.from({ length: GUESSES }, (_, n) => accounts[n % 500] ?? '')
    const seen = await count(guesses, email => guess(email, ABROAD))
    process.stdout.write(`10,000 guesses at 500 accounts from one address: ${JSON.stringify(seen)}\n`)
    expect(seen[401]).toBeLessThanOrEqual(300)
    expect((seen[401] ?? 0) + (seen[429] ?? 0)).toBe(GUESSES)
    expect((await ownLogin(ann, HOME)).status).toBe(200)
    // Who shares the address with a flood has to wait for its minute to end, and is known then.
    const refused = await ownLogin(bob, ABROAD)
    await sleep(1000 * Number(refused.headers.get('retry-after')))
    expect((await ownLogin(bob, ABROAD)).status).toBe(200)
  }, 180_000)
})
