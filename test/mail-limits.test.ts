import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, seedInto } from './support/seed.ts'

describe('mails that anybody may have sent to somebody', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp({ RATE_LIMITS: 'on' })
  })
  afterAll(() => app.close())

  test('are five an hour for one address, whoever asks and whether or not there is an account', async () => {
    const ann = await seedInto(app).user('ann')
    for (const email of [ann.email, 'nobody@example.com']) {
      const ask = (spelling = email) => anonymous(app).post('/auth/password/forgot').send({ email: spelling })
      for (let at = 0; at < 5; at++) await ask().expect(202)
      const { body, headers } = await ask(email.toUpperCase()).expect(429)
      expect(body.code).toBe('rate_limited')
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    }
    await anonymous(app).post('/auth/password/forgot').send({ email: 'else@example.com' }).expect(202)
  })
})
