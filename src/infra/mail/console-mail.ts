import type { Mail } from './mail.ts'

/**
 * Prints each message as text, for the person at the terminal, who has nothing else to read it with. It holds live
 * links and is no log line: in production there is no such mail.
 * @param print takes the text of one message; stdout when left out
 */
export const createConsoleMail = (
  print: (text: string) => void = text => void process.stdout.write(text),
): Mail => ({
  async send({ to, subject, text }) {
    const indented = text.trimEnd().replaceAll(/^(?=.)/gm, '  ')
    print(`\n  Mail to ${to}\n  ${subject}\n\n${indented}\n\n`)
  },
  close: () => {},
})
