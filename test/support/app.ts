import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.ts'
import { type Context, createContext, type Parts } from '../../src/context.ts'
import { createLogger } from '../../src/infra/logger.ts'
import { createConsoleMail } from '../../src/infra/mail/console-mail.ts'
import { serve } from '../../src/serve.ts'

/** The real application on a port of its own, over the real backends of the test run. */
export interface TestApp {
  url: string
  /** Where operators' tools ask. */
  adminUrl: string
  context: Context
  /** The environment it was started with: another instance on the same data takes the same one. */
  env: Readonly<Record<string, string>>
  /** Every line it has logged so far, parsed. */
  log(): Record<string, unknown>[]
  /** Every mail that it has printed so far, oldest first. */
  mails(): string[]
  close(): Promise<void>
}

const SECRET = 'only-for-tests-0123456789-0123456789-0123456789'

/**
 * Starts an instance as `main` does. Left alone it has tables and cache keys that nobody else uses.
 * @param env further variables, or another instance's `env` to run beside it
 * @param parts what replaces a part before anything depends on it
 */
export const startApp = async (env: Record<string, string> = {}, parts: Parts = {}): Promise<TestApp> => {
  const variables: Record<string, string> = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    JWT_SECRET: SECRET,
    BCRYPT_COST: '4',
    // Most stories ask for more than anybody may; those of the limits turn them on.
    RATE_LIMITS: 'off',
    TABLE_PREFIX: `t${randomBytes(6).toString('hex')}-`,
    DYNAMODB_ENDPOINT: process.env.TEST_DYNAMODB_ENDPOINT ?? '',
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    // Files lie there, and the lock lets no two instances share it.
    DATA_DIR: join(tmpdir(), `plaza-${randomBytes(6).toString('hex')}`),
    ...env,
  }
  const lines: string[] = []
  const logger = createLogger('debug', { write: line => void lines.push(line) })
  const mails: string[] = []
  const config = readConfig(variables)
  const context = await createContext(config, {
    logger,
    tables: true,
    // Made at random, they would be requests to the database that no story expects.
    checks: { share: 0, afterMs: [] },
    ...parts,
    backends(opened) {
      // A terminal that can be looked into; what is sent through SES goes there.
      const mail = config.mailFrom === undefined ? createConsoleMail(text => mails.push(text)) : opened.mail
      return parts.backends?.({ ...opened, mail }) ?? { ...opened, mail }
    },
  })
  const server = await serve(context)

  const { DATA_DIR: _own, ...shared } = variables
  return {
    url: server.url,
    adminUrl: server.adminUrl ?? '',
    context,
    env: shared,
    log: () => lines.map(line => JSON.parse(line)),
    mails: () => [...mails],
    async close() {
      await server.close()
      await context.close()
      await rm(config.dataDir, { recursive: true, force: true })
    },
  }
}
