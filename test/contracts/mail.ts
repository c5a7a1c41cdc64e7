import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Mail, Message } from '../../src/infra/mail/mail.ts'

interface Opened {
  mail: Mail
  /** What has been taken over, oldest first. */
  received(): Promise<Message[]> | Message[]
  close(): Promise<void> | void
}

const SUBJECT = 'Grüße aus Lissabon 🦜'

/** What holds of every mail port. `it` has been taken over once `send` has resolved. */
export const mailContract = (open: () => Promise<Opened>) => {
  let opened: Opened
  const sent: Message[] = []

  beforeAll(async () => {
    opened = await open()
  })
  afterAll(async () => {
    opened.mail.close()
    await opened.close()
  })

  const send = async (...messages: Message[]) => {
    sent.push(...messages)
    await Promise.all(messages.map(opened.mail.send))
  }

  test('takes a message over as it is, once', async () => {
    await send({ to: 'ann@example.com', subject: SUBJECT, text: 'One line.\n' })
    expect(await opened.received()).toEqual(sent)
  })

  test.each([
    ['a long line', 'x'.repeat(2000)],
    ['a line that is a dot', 'before\n.\nafter'],
    ['what looks like a header', 'Bcc: everybody@example.com\n\nto: you'],
    ['empty lines and indents', 'a\n\n\n   b\n'],
    ['a link', 'Follow https://plaza.example.com/a/verify-email#token=Yk3v0S6r1X9w_-\n\nor not.\n'],
    ['signs and letters of all kinds', 'ÄÖÜ ß € 你好 שלום 🦜 <b>&amp;</b> {{y}} %s \\n'],
  ])('keeps %s', async (_what, text) => {
    await send({ to: 'ann@example.com', subject: 'Hello', text })
    expect((await opened.received()).map(({ text: kept }) => kept.trimEnd())).toEqual(
      sent.map(message => message.text.trimEnd()),
    )
  })

  test('takes an address of any lawful form', async () => {
    const addresses = [
      "o'neill+plaza.x_y-z@sub.example.com",
      `${'a'.repeat(64)}@${'b.'.repeat(60)}example.com`,
    ]
    await send(...addresses.map(to => ({ to, subject: 'Hello', text: 'Hello.\n' })))
    const to = (await opened.received()).map(message => message.to)
    expect(to.slice(-2).sort()).toEqual(addresses.toSorted())
  })

  test('takes fifty at once, each of them once', async () => {
    const crowd = Array.from({ length: 50 }, (_, at) => ({
      to: `n${at}@example.com`,
      subject: `Number ${at}`,
      text: `You are ${at}.\n`,
    }))
    await send(...crowd)
    const received = (await opened.received()).slice(-50)
    const bySubject = (messages: readonly Message[]) =>
      messages.toSorted((a, b) => a.subject.localeCompare(b.subject))
    expect(bySubject(received)).toEqual(bySubject(crowd))
  })
}
