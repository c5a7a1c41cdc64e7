import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { rounds } from './support/heavy.ts'
import { type SeededUser, seedInto } from './support/seed.ts'

let app: TestApp
let ann: SeededUser

beforeAll(async () => {
  // What hashing costs in production: less would drown in everything else.
  app = await startApp({ BCRYPT_COST: '10' })
  ann = await seedInto(app).user('ann')
})
afterAll(() => app.close())

const PAIRS = rounds(20, 6)
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

const median = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) /
    2
  )
}

test('a log-in takes as long for an unknown address as for a wrong password', async () => {
  const ratios: number[] = []
  for (let pair = 0; pair < 3; pair++) await timed(ann.email)
  const near = () => Math.abs(median(ratios) - 1) < 0.05
  // Neighbours in time are compared, in turns the one first and the other; more pairs where the machine is noisy.
  while (ratios.length < PAIRS || (!near() && ratios.length < MOST_PAIRS)) {
    const other = `nobody${ratios.length}@example.com`
    if (ratios.length % 2 === 0) {
      const known = await timed(ann.email)
      ratios.push((await timed(other)) / known)
    } else {
      const unknown = await timed(other)
      ratios.push(unknown / (await timed(ann.email)))
    }
  }
  expect(median(ratios)).toBeGreaterThan(0.95)
  expect(median(ratios)).toBeLessThan(1.05)
}, 60_000)
