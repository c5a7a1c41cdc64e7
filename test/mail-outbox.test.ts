import { describe, expect, test } from '@jest/globals'
import { startApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous, login, seedInto } from './support/seed.ts'
import { startTestSes } from './support/ses.ts'
import { until } from './support/until.ts'

const FROM = 'Plaza <plaza@example.com>'

describe('a service that sends mail', () => {
  test('answers at once while SES is away, and the mail goes out when it is back, with a link that works', async () => {
    const before = await startTestSes()
    await before.stop()
    const app = await startApp(
      { REGISTRATION_MODE: 'verify', MAIL_FROM: FROM, SES_ENDPOINT: before.endpoint },
      { outbox: { pollMs: 50, retryMs: 50 } },
    )
    const ann = { email: 'ann@example.com', password: 'the password of ann', name: 'Ann' }
    await anonymous(app).post('/auth/register').send(ann).expect(202)
    await until(
      () => app.log().filter(({ msg }) => msg === 'outbox job failed, will be tried again').length,
      failures => failures > 0,
    )
    const ses = await startTestSes(Number(new URL(before.endpoint).port))
    try {
      const [mail] = await until(ses.received, mails => mails.length > 0, 20_000)
      expect(mail).toMatchObject({ from: FROM, to: ann.email })
      const [link = '', token] = /http\S+#token=(\S+)/.exec(mail?.text ?? '') ?? []
      expect(link.startsWith(`${app.url}/verify-email#`)).toBe(true)
      await anonymous(app).post('/auth/email/verify').send({ token }).expect(204)
      await login(app, ann)
      // Nothing is printed where mail is sent, and no line of the log has the token.
      expect(app.mails()).toEqual([])
      expect(JSON.stringify(app.log())).not.toContain(token)
    } finally {
      await Promise.all([app.close(), ses.stop()])
    }
  })

  test('dies after the reply, and another one sends what was asked for', async () => {
    let bury = () => {}
    const grave = new Promise<never>((_, reject) => {
      bury = () => reject(new Error('this process is dead'))
    })
    // It lives to record what is to be sent and no longer: its lease runs out.
    const first = await startApp(
      {},
      {
        backends: opened => ({ ...opened, mail: { send: () => grave, close: () => {} } }),
        outbox: { leaseMs: 300, longestMs: 1, pollMs: 600_000 },
      },
    )
    const ann = await seedInto(first).user('ann')
    await anonymous(first).post('/auth/password/forgot').send({ email: ann.email }).expect(202)
    const second = await startApp(first.env, { outbox: { pollMs: 50 } })
    try {
      const { token } = await mailbox(ann.email, second).open()
      const reset = { token, password: 'the new password' }
      await anonymous(second).post('/auth/password/reset').send(reset).expect(204)
      await login(second, { ...ann, password: reset.password })
    } finally {
      bury()
      await Promise.all([first.close(), second.close()])
    }
  })
})
