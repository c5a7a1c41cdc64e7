import { composeAccounts } from './compose/accounts.ts'
import { composeFiles } from './compose/files.ts'
import { layFoundation, type Parts } from './compose/foundation.ts'
import { composeSocial } from './compose/social.ts'
import type { Config } from './config.ts'
import { createBacklogWatch } from './infra/metrics/backlog-watch.ts'
import { watchState } from './infra/metrics/state-metrics.ts'
import { logVitals } from './infra/metrics/vitals.ts'
import { StartupError } from './lib/errors.ts'

export type { Parts }

/** How often the figures that alarms are made of are logged. */
const VITALS_MS = 60_000

/** The first read that the process makes of the database did not work. */
const databaseFault = (where: string, cause: unknown) =>
  new StartupError(
    cause instanceof Error && cause.name === 'ResourceNotFoundException'
      ? `The database (${where}) does not have the tables: make them with \`npm run tables\`.`
      : `The database (${where}) does not answer.`,
    { cause },
  )

/** Makes every object of the process, in order: each file of `compose/` needs only what those before it have made. */
const compose = async (config: Config, parts: Parts, closing: AsyncDisposableStack) => {
  const foundation = await layFoundation(config, parts, closing)
  const accounts = composeAccounts(foundation, closing)
  const files = composeFiles(foundation)
  const social = composeSocial(foundation, { users: accounts.users, files: files.files }, parts, closing)

  const { logger, registry, cache, outbox, backends } = foundation
  await accounts.revocations.start().catch(cause => {
    throw databaseFault(backends.described.dynamodb, cause)
  })
  outbox.start()
  social.startCounting()

  const backlog = createBacklogWatch(outbox)
  watchState(registry, { cache, backlog, passwords: accounts.passwords.queue })
  if (config.production) closing.defer(logVitals({ cache, backlog, logger, everyMs: VITALS_MS }))

  return {
    ...foundation,
    ...accounts,
    ...files,
    ...social,
    /** Lets go of everything, in the opposite order of its making. */
    close: () => closing.disposeAsync(),
  }
}

/** What the process is made of. */
export type Context = Awaited<ReturnType<typeof compose>>

/** @throws StartupError when a backend cannot be had; what was opened by then is closed again */
export const createContext = async (config: Config, parts: Parts = {}): Promise<Context> => {
  const closing = new AsyncDisposableStack()
  try {
    return await compose(config, parts, closing)
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}
