import type { TestApp } from './app.ts'
import { until } from './until.ts'

/** What a mail says, and the token of its link, if it has one. */
export interface Received {
  text: string
  link: string | undefined
  token: string | undefined
}

const LINK = /https?:\/\/\S+#token=([\w-]{43})(?=\s)/

const read = (text: string): Received => {
  const [link, token] = LINK.exec(text) ?? []
  return { text, link, token }
}

/** The mailbox of an address, at instances that print their mail: what has come so far, oldest first. */
export const mailbox = (email: string, ...apps: readonly TestApp[]) => {
  const received = () =>
    apps.flatMap(app => app.mails().filter(text => text.startsWith(`\n  Mail to ${email}\n`))).map(read)
  return {
    received,
    /** Waits for the mail number `count` and opens it. */
    async open(count = 1): Promise<Received & { token: string }> {
      const mails = await until(received, seen => seen.length >= count)
      const mail = mails[count - 1]
      return { text: '', link: undefined, ...mail, token: mail?.token ?? '' }
    },
  }
}
