import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from '../support/app.ts'
import { mailbox } from '../support/mailbox.ts'
import { median } from '../support/median.ts'
import { anonymous } from '../support/seed.ts'
import { until } from '../support/until.ts'

const PAIRS = 20
const MOST_PAIRS = 120
const TOLERANCE = 0.05

describe('how long a reply takes tells nothing of who has an account', () => {
  let app: TestApp
  const ann = { email: 'ann@example.com', password: 'the password of ann', name: 'Ann' }

  beforeAll(async () => {
    // What hashing costs in production: less would drown in everything else.
    app = await startApp({ REGISTRATION_MODE: 'verify', BCRYPT_COST: '10' })
    await anonymous(app).post('/auth/register').send(ann).expect(202)
    const { token } = await mailbox(ann.email, app).open()
    await anonymous(app).post('/auth/email/verify').send({ token }).expect(204)
  })
  afterAll(() => app.close())

  const timed = async (path: string, body: object) => {
    const start = performance.now()
    const reply = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    await reply.arrayBuffer()
    const took = performance.now() - start
    expect(reply.status).toBe(202)
    // What is done of it afterwards is not to be in the way of the next.
    await until(app.context.outbox.waiting, waiting => waiting === 0)
    return took
  }

  test('at a sign-up', async () => {
    const ratios: number[] = []
    for (let pair = 0; pair < 3; pair++) await timed('/auth/register', ann)
    while (
      ratios.length < PAIRS ||
      (Math.abs(median(ratios) - 1) >= TOLERANCE && ratios.length < MOST_PAIRS)
    ) {
      const other = { ...ann, email: `nobody${ratios.length}@example.com` }
      const [first, second] = ratios.length % 2 === 0 ? [ann, other] : [other, ann]
      const one = await timed('/auth/register', first)
      const two = await timed('/auth/register', second)
      ratios.push(first === ann ? two / one : one / two)
    }
    expect(median(ratios)).toBeGreaterThan(1 - TOLERANCE)
    expect(median(ratios)).toBeLessThan(1 + TOLERANCE)
  }, 120_000)
})
