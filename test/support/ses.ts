import { spawn } from 'node:child_process'
import { z } from 'zod'
import { freePort } from '../../src/infra/embedded/dynamodb.ts'
import { until } from './until.ts'

const Store = z.object({
  emails: z.array(
    z.object({
      from: z.string(),
      destination: z.object({ to: z.array(z.string()) }),
      subject: z.string(),
      body: z.object({ text: z.string(), html: z.string().optional() }),
    }),
  ),
})

const SERVER = new URL('./ses-process.ts', import.meta.url).pathname

/**
 * An SES to send mail to, and to look into. It starts empty.
 * @param port one of its own when left out
 */
export const startTestSes = async (port?: number) => {
  const chosen = port ?? (await freePort())
  const endpoint = `http://127.0.0.1:${chosen}`
  const child = spawn(process.execPath, [SERVER, String(chosen)], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>(resolve => {
    child.once('close', () => resolve())
  })
  const answers = () =>
    fetch(`${endpoint}/health-check`).then(
      reply => reply.ok,
      () => false,
    )
  await until(answers, up => up || child.exitCode !== null, 20_000)
  if (child.exitCode !== null) throw new Error('the SES of the tests did not start')
  return {
    endpoint,
    async received() {
      const { emails } = Store.parse(await (await fetch(`${endpoint}/store`)).json())
      return emails.map(({ from, destination: { to }, subject, body: { text } }) => ({
        from,
        to: to.join(),
        subject,
        text,
      }))
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
