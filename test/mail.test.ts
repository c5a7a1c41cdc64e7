import { describe, expect, test } from '@jest/globals'
import { createConsoleMail } from '../src/infra/mail/console-mail.ts'
import { createSesMail } from '../src/infra/mail/ses-mail.ts'
import { mailContract } from './contracts/mail.ts'
import { startTestSes } from './support/ses.ts'

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const FROM = 'Plaza <plaza@example.com>'

/** Takes a message as it is printed for a person apart again. */
const printed = (text: string) => {
  const [, to = '', subject = '', body = ''] =
    /^\n {2}Mail to ([^\n]*)\n {2}([^\n]*)\n\n(.*)\n\n$/s.exec(text) ?? []
  return { to, subject, text: `${body.replaceAll(/^ {2}/gm, '')}\n` }
}

describe('mail that is printed', () => {
  mailContract(async () => {
    const texts: string[] = []
    const mail = createConsoleMail(text => texts.push(text))
    return { mail, received: () => texts.map(printed), close: () => {} }
  })
})

describe('mail through SES', () => {
  mailContract(async () => {
    const ses = await startTestSes()
    const mail = createSesMail({ region: 'us-east-1', endpoint: ses.endpoint, from: FROM, credentials })
    const received = async () => (await ses.received()).map(({ from: _from, ...message }) => message)
    return { mail, received, close: ses.stop }
  })

  test('that nobody takes over is told to be tried again', async () => {
    const mail = createSesMail({
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:1',
      from: FROM,
      credentials,
    })
    const sending = mail.send({ to: 'ann@example.com', subject: 'Hello', text: 'Hello.' })
    await expect(sending).rejects.toMatchObject({ status: 503, code: 'unavailable' })
    mail.close()
  })

  test('that is refused is told to be tried again, with what SES said', async () => {
    const ses = await startTestSes()
    const mail = createSesMail({ region: 'us-east-1', endpoint: ses.endpoint, from: FROM, credentials })
    // This server asks for a subject.
    const sending = mail.send({ to: 'ann@example.com', subject: '', text: 'Hello.' })
    await expect(sending).rejects.toMatchObject({
      status: 503,
      detail: expect.stringMatching(/Bad ?Request/),
    })
    mail.close()
    await ses.stop()
  })
})
