import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { StartupError } from '../../lib/errors.ts'
import type { Logger } from '../logger.ts'
import { ChildStartError, type SupervisedChild, superviseChild } from './child-process.ts'
import type { DataDir } from './data-dir.ts'

export interface EmbeddedDynamoDb extends SupervisedChild {
  /** Stays the same when the child is restarted. */
  readonly endpoint: string
}

interface DynamoDbOptions {
  /** Where `dynamodb.sqlite` is kept; in memory when left out. */
  dataDir?: DataDir | undefined
  logger: Logger
  /** Where to listen; left out, the kernel chooses. */
  choosePort?: () => Promise<number>
}

const HOST = '127.0.0.1'
const PORT_ATTEMPTS = 5
const DAMAGED = /^error: (?:Database file is encrypted or not a valid|Internal error: database disk image is)/

/**
 * Runs Dynoxide, a DynamoDB over SQLite, as a child on a free port of 127.0.0.1.
 * @throws StartupError when there is no binary for this machine, the database file is damaged (it is left as it
 * is), or the child does not come up
 */
export const launchDynamoDb = async (options: DynamoDbOptions): Promise<EmbeddedDynamoDb> => {
  const { dataDir, logger, choosePort = freePort } = options
  const command = dynoxideBinary()
  const file = dataDir && join(dataDir.path, 'dynamodb.sqlite')

  for (let attempt = 1; ; attempt++) {
    const port = await choosePort()
    try {
      return await launchOn(port, command, file, logger)
    } catch (cause) {
      if (!(cause instanceof ChildStartError)) throw cause
      const taken = cause.message.startsWith(`error: port ${port} is already in use`)
      if (taken && attempt < PORT_ATTEMPTS) continue
      throw new StartupError(
        file && DAMAGED.test(cause.message)
          ? `The database file ${file} is damaged or is not an SQLite database, and was left untouched: restore it from a backup, or move it away to start empty.`
          : `The embedded DynamoDB could not be started: ${cause.message.replace(/^error: /, '')}`,
        { cause },
      )
    }
  }
}

/**
 * The path of the binary that npm installed for this platform, in node's own words for both (`linux`, `x64`).
 * @throws StartupError that says what to install or to set when there is none
 */
export const dynoxideBinary = (platform: string = process.platform, arch: string = process.arch): string => {
  const name = `@dynoxide/${platform}-${arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const binary = join(dirname(manifest), platform === 'win32' ? 'dynoxide.exe' : 'dynoxide')
    if (existsSync(binary)) return binary
  } catch {
    // Not installed.
  }
  throw new StartupError(
    `The embedded DynamoDB has no binary for this machine: run "npm install --no-save ${name}", or set DYNAMODB_ENDPOINT to a DynamoDB of your own.`,
  )
}

/**
 * Dynoxide binds before it prints, so the line with our port is proof that this very child listens there, even
 * if another process was quicker to take the port that was free a moment ago: then it exits instead.
 */
const launchOn = async (
  port: number,
  command: string,
  file: string | undefined,
  logger: Logger,
): Promise<EmbeddedDynamoDb> => {
  const endpoint = `http://${HOST}:${port}`
  const child = await superviseChild({
    name: 'dynamodb',
    command,
    args: ['serve', '--host', HOST, '--port', String(port), ...(file ? ['--db-path', file] : [])],
    ready: new RegExp(`^Dynoxide listening on ${endpoint.replaceAll('.', '\\.')}$`),
    confirm: () => answers(port),
    errors: /^error: |panicked/,
    logger,
  })
  return { ...child, endpoint }
}

const answers = async (port: number): Promise<void> => {
  const socket = connect(port, HOST)
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

/** A port of 127.0.0.1 that was free when asked. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}
