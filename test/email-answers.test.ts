import { expect, test } from '@jest/globals'
import { startApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous } from './support/seed.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

test('what is asked for by mail is answered before anybody has looked for an account', async () => {
  let calls: string[] = []
  let hold: Promise<void> | undefined
  const backends = watchDatabase(async ({ method, tables }) => {
    if (tables.includes('Revocations')) return
    calls.push(`${method} ${tables}`)
    if (tables.includes('Credentials')) await hold
  })
  const app = await startApp({ REGISTRATION_MODE: 'verify' }, { backends, outbox: { pollMs: 600_000 } })
  const ann = { email: 'ann@example.com', password: 'the password of ann', name: 'Ann' }
  await anonymous(app).post('/auth/register').send(ann).expect(202)
  const { token } = await mailbox(ann.email, app).open()
  await anonymous(app).post('/auth/email/verify').send({ token }).expect(204)

  let release = () => {}
  hold = new Promise(resolve => {
    release = resolve
  })
  try {
    const done: string[][] = []
    for (const email of [ann.email, 'nobody@example.com']) {
      for (const [path, body] of [
        ['/auth/register', { ...ann, email }],
        ['/auth/password/forgot', { email }],
      ] as const) {
        calls = []
        await anonymous(app).post(path).send(body).expect(202)
        done.push(calls.filter(call => call !== 'get Credentials'))
      }
    }
    expect(done).toEqual(Array(4).fill(['transact Outbox']))
  } finally {
    release()
    await app.close()
  }
})
