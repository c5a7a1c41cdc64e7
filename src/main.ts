import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from './config.ts'
import { type Context, createContext } from './context.ts'
import { StartupError } from './lib/errors.ts'
import { type Serving, serve } from './serve.ts'

/** For a person at a terminal; in production there are only log lines. */
const greet = ({ version, backends: { described } }: Context, { url, adminUrl }: Serving) => {
  const lines = [
    `Plaza ${version} is running.`,
    '',
    `  API        ${url}`,
    `  Reference  ${url}/docs`,
    ...(adminUrl === null ? [] : [`  Metrics    ${adminUrl}/metrics`]),
    `  DynamoDB   ${described.dynamodb}`,
    `  Redis      ${described.redis}`,
    `  Files      ${described.storage}`,
    ...(described.data === null ? [] : [`  Data       ${described.data}`]),
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** First the load balancers are told, then the door is closed, then the backends are let go. */
const stop = async (context: Context, server: Serving, signal: string) => {
  const { config, logger } = context
  logger.info({ signal, drain_seconds: config.drainSeconds }, 'stopping')
  context.readiness.drain()
  server.drain()
  await sleep(config.drainSeconds * 1000)
  await server.close()
  await context.close()
  logger.info('stopped')
}

const run = async () => {
  const config = loadConfig()
  // Where an operator has Node write diagnostic reports, the secrets in our environment are none of theirs.
  process.report.excludeEnv = true
  // Whoever read our output may have gone (a pipe, a terminal): that is no reason to stop serving.
  process.stdout.on('error', () => {})
  const context = await createContext(config)
  const { logger } = context
  const server = await serve(context).catch(async error => {
    await context.close()
    throw error
  })
  // Before anybody is told that it runs, and may want to stop it.
  let stopping = false
  const onSignal = (signal: string) => {
    // Whoever asks twice is in a hurry.
    if (stopping) process.exit(1)
    stopping = true
    stop(context, server, signal).catch(error => {
      logger.error({ err: error }, 'could not stop in order')
      process.exit(1)
    })
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('uncaughtException', error => {
    // Not `fatal`: that flushes, and a flush to a closed pipe never comes back.
    logger.error({ err: error }, 'uncaught error')
    process.exit(1)
  })

  logger.info(
    { url: server.url, admin_url: server.adminUrl, version: context.version, ...context.backends.described },
    'listening',
  )
  if (!config.production) greet(context, server)
}

run().catch(error => {
  process.stderr.write(`${error instanceof StartupError ? error.message : (error?.stack ?? error)}\n`)
  process.exit(1)
})
