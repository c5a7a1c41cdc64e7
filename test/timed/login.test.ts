import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from '../support/app.ts'
import { median } from '../support/median.ts'
import { type SeededUser, seedInto } from '../support/seed.ts'

let app: TestApp

const PAIRS = 20
const MOST_PAIRS = 120

/** Milliseconds until the refusal of a log-in has come. */
const timed = async (email: string) => {
  const start = performance.now()
  const reply = await fetch(`${app.url}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: 'not the password' }),
  })
  await reply.arrayBuffer()
  expect(reply.status).toBe(401)
  return performance.now() - start
}

/** Expects both kinds of log-in to take the same time, but for a share of it. */
const expectAlike = async (known: string, tolerance: number) => {
  const ratios: number[] = []
  for (let pair = 0; pair < 3; pair++) await timed(known)
  const near = () => Math.abs(median(ratios) - 1) < tolerance
  // Neighbours in time are compared, in turns the one first and the other; more pairs where the machine is noisy.
  while (ratios.length < PAIRS || (!near() && ratios.length < MOST_PAIRS)) {
    const unknown = `nobody${ratios.length}@example.com`
    if (ratios.length % 2 === 0) {
      const first = await timed(known)
      ratios.push((await timed(unknown)) / first)
    } else {
      const first = await timed(unknown)
      ratios.push(first / (await timed(known)))
    }
  }
  expect(median(ratios)).toBeGreaterThan(1 - tolerance)
  expect(median(ratios)).toBeLessThan(1 + tolerance)
}

describe('how long a refusal takes', () => {
  let ann: SeededUser

  beforeAll(async () => {
    // What hashing costs in production: less would drown in everything else.
    app = await startApp({ BCRYPT_COST: '10' })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  test('a log-in takes as long for an unknown address as for a wrong password', async () => {
    await expectAlike(ann.email, 0.05)
  }, 120_000)

  test('also for a suspended account', async () => {
    const eve = await seedInto(app).user('eve')
    await app.context.accounts.suspend(eve.email)
    // It would be told by a hash more or less, which is all of the time.
    await expectAlike(eve.email, 0.25)
  }, 120_000)

  test('also where the hash is from a time of a sixteenth of the work', async () => {
    const earlier = await startApp({ ...app.env, BCRYPT_COST: '6' })
    const bob = await seedInto(earlier).user('bob')
    await earlier.close()
    // Sixteen times as fast without it. The same work in pieces: where all cores are busy, pieces wait for less than a
    // whole does.
    await expectAlike(bob.email, 0.9)
  }, 120_000)
})
