import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, login, seedInto } from './support/seed.ts'

let app: TestApp

beforeAll(async () => {
  app = await startApp({ BCRYPT_COST: '7' })
})
afterAll(() => app.close())

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Signs up with a bare client, of which hundreds cost little. */
const signUp = async (number: number) => {
  const sent = request(`${app.url}/auth/register`, {
    agent,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
  })
  sent.end(JSON.stringify({ email: `n${number}@example.com`, password: 'a good password', name: 'N' }))
  const [reply] = await once(sent, 'response')
  let text = ''
  for await (const chunk of reply) text += chunk
  const retryAfter: string | undefined = reply.headers['retry-after']
  return { status: Number(reply.statusCode), retryAfter, body: JSON.parse(text) }
}

test('too many at once are told to come again, and everything else goes on', async () => {
  const ann = await seedInto(app).user('ann')
  const replies: Awaited<ReturnType<typeof signUp>>[] = []
  const isRefused = () => replies.some(reply => reply.status === 503)
  let sent = 0
  // As many as this are under way at any time, until one of them is refused.
  const crowd = Array.from({ length: 260 }, async () => {
    do replies.push(await signUp(sent++))
    while (!isRefused() && sent < 1000)
  })
  await anonymous(app).get('/health').expect(200)
  expect(replies.length).toBeLessThan(200)

  await Promise.all(crowd)
  const refused = replies.filter(reply => reply.status !== 201)
  expect(replies.length - refused.length).toBeGreaterThanOrEqual(200)
  expect(refused.length).toBeGreaterThan(0)
  for (const { status, retryAfter, body } of refused) {
    expect(body).toMatchObject({ status: 503, code: 'unavailable' })
    expect([status, Number(retryAfter)]).toEqual([503, expect.any(Number)])
    expect(Number(retryAfter)).toBeGreaterThan(0)
  }
  await login(app, ann)
})
