import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import { createContext } from './context.ts'
import { createLogger } from './infra/logger.ts'
import { Problem, StartupError } from './lib/errors.ts'

const parseLine = () => {
  try {
    const options = { lift: { type: 'boolean', default: false } } as const
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [who, ...more] = positionals
    if (!who || more.length > 0) throw new Error('Name one account.')
    return { who, lift: values.lift }
  } catch (error) {
    const usage = 'Usage: npm run suspend -- <email|user_id> [--lift]'
    throw new StartupError(`${String(error)}\n${usage}`, { cause: error })
  }
}

/**
 * `npm run suspend -- <email|user_id>`: nobody logs in to the account any more, and all of its sessions end, on every
 * instance within a second; `--lift` lets its owner in again. The embedded database belongs to one process: stop the
 * service first.
 */
const run = async () => {
  const { who, lift } = parseLine()
  // It is there for one account, not to take over the work that others left.
  const context = await createContext(loadConfig(), {
    logger: createLogger('warn'),
    outbox: { pollMs: 600_000 },
  })
  try {
    const userId = await (lift ? context.accounts.lift(who) : context.accounts.suspend(who))
    process.stdout.write(`${lift ? 'active' : 'suspended'} ${userId}\n`)
  } catch (error) {
    throw error instanceof Problem && error.status < 500 ? new StartupError(error.detail) : error
  } finally {
    await context.close()
  }
}

run().catch(error => {
  process.stderr.write(`${error instanceof StartupError ? error.message : (error?.stack ?? error)}\n`)
  process.exitCode = 1
})
