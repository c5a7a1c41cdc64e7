import { randomBytes } from 'node:crypto'
import { readConfig } from '../../src/config.ts'
import { type Context, createContext } from '../../src/context.ts'
import { createLogger } from '../../src/infra/logger.ts'
import type { Instance, Mailed } from './fuzz-steps.ts'
import { startProcess, temporaryFolder } from './process.ts'
import { until } from './until.ts'

const PROBE = new URL('./probe.ts', import.meta.url).href
const ADDRESSEE = /^ {2}Mail to (\S+)$/
const LINK = /\/(verify-email|reset-password)#token=([\w-]{43})$/

/** Memory of a process after its garbage was collected, in MB, and properties that every object in it would have. */
export interface Probed {
  resident: number
  heap: number
  inherited: string[]
}

const lines = (take: (line: string) => void) => {
  let rest = ''
  return (text: string) => {
    const [...whole] = (rest + text).split('\n')
    rest = whole.pop() ?? ''
    for (const line of whole) take(line)
  }
}

/** Plaza as its users start it, with a probe in it, on tables of its own; and what an operator can do there. */
export const startFuzzed = async () => {
  const folder = temporaryFolder()
  const shared = {
    NODE_ENV: 'test',
    JWT_SECRET: 'only-for-tests-0123456789-0123456789-0123456789',
    BCRYPT_COST: '4',
    RATE_LIMITS: 'off',
    REGISTRATION_MODE: 'verify',
    TABLE_PREFIX: `t${randomBytes(6).toString('hex')}-`,
    DYNAMODB_ENDPOINT: process.env.TEST_DYNAMODB_ENDPOINT ?? '',
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
  }
  // The tables of a database that is not embedded are the operator's to make.
  const operate = () =>
    createContext(readConfig({ ...shared, DATA_DIR: `${folder.path}/operator` }), {
      logger: createLogger('silent'),
      // It is there to look, not to take over the work.
      outbox: { pollMs: 600_000 },
      tables: true,
    })
  let context: Promise<Context> | undefined = operate()
  await context
  const plaza = await startProcess({
    ...shared,
    DATA_DIR: `${folder.path}/plaza`,
    NODE_OPTIONS: `--expose-gc --import=${PROBE}`,
  })

  const mails: Mailed[] = []
  const errors: string[] = []
  const probed: Probed[] = []
  let addressee = ''
  plaza.child.stdout?.on(
    'data',
    lines(line => {
      addressee = ADDRESSEE.exec(line)?.[1] ?? addressee
      const [, page, token] = LINK.exec(line) ?? []
      if (page !== undefined && token !== undefined) mails.push({ email: addressee, page, token })
      if (/^\{"level":"(error|fatal)"/.test(line)) errors.push(line)
    }),
  )
  plaza.child.stderr?.on(
    'data',
    lines(
      line => void (line.startsWith('{"probed"') ? probed.push(JSON.parse(line).probed) : errors.push(line)),
    ),
  )

  return {
    url: plaza.url,
    mails: () => mails,
    errors,
    context: () => (context ??= operate()),
    async suspend(userId: string) {
      context ??= operate()
      await (await context).accounts.suspend(userId).catch(() => {})
    },
    /** Undefined when the process is no more. */
    async probe(): Promise<Probed | undefined> {
      const before = probed.length
      plaza.child.kill('SIGUSR2')
      await until(
        () => probed.length > before || plaza.child.exitCode !== null,
        over => over,
      )
      return probed[before]
    },
    async close() {
      plaza.child.kill('SIGTERM')
      await plaza.ended
      await (await context)?.close()
      folder.remove()
    },
  } satisfies Instance & Record<string, unknown>
}
