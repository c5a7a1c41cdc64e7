import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StartupError } from '../../lib/errors.ts'
import type { Logger } from '../logger.ts'
import { ChildStartError, type SupervisedChild, superviseChild } from './child-process.ts'
import type { DataDir } from './data-dir.ts'

export interface EmbeddedRedis extends SupervisedChild {
  /** Absolute, of a Unix domain socket that only this user can open. */
  readonly socketPath: string
}

interface RedisOptions {
  /** What is written is kept in its folder `redis`; nothing is when left out. */
  dataDir?: DataDir | undefined
  logger: Logger
  /** A path, or a name to be found in PATH. */
  command?: string
}

/** sockaddr_un's sun_path holds 104 bytes on macOS and 108 on Linux, the last one is NUL. */
const LONGEST_SOCKET_PATH = 99
const PREDECESSOR_MS = 5000
const PREFIX = /^\d+:\w .*? [.*#-] /
const ERRORS = / # (?!WARNING ).*(?:AOF|append|error|fail|fatal|can't|unable)/i
const DAMAGED = /^(?!Can't ).*(?:append only file|\bAOF\b|\bRDB\b|Unrecoverable error)/

/**
 * Runs redis-server as a child that listens on a Unix domain socket alone.
 * @returns null where the command is not in PATH
 * @throws StartupError when the persisted data is damaged (it is left as it is), or the child does not come up
 */
export const launchRedis = async (options: RedisOptions): Promise<EmbeddedRedis | null> => {
  const { dataDir, logger, command = 'redis-server' } = options
  if (!(await isInstalled(command))) return null

  const places = choosePlaces(dataDir)
  try {
    await untilDeserted(places.socketPath)
    const child = await superviseChild({
      name: 'redis',
      command,
      args: redisArguments(places, dataDir !== undefined),
      ready: /ready to accept connections/i,
      confirm: () => ping(places.socketPath),
      errors: ERRORS,
      logger,
    })
    const stop = async () => {
      await child.stop()
      places.clear()
    }
    return { ...child, stop, socketPath: places.socketPath }
  } catch (cause) {
    places.clear()
    if (!(cause instanceof ChildStartError)) throw cause
    const line = cause.message.replace(PREFIX, '')
    throw new StartupError(
      dataDir && DAMAGED.test(line)
        ? `The Redis data in ${join(places.folder, 'appendonlydir')} is damaged, and was left untouched: restore it from a backup, or move it away to start empty.`
        : `The embedded Redis could not be started: ${line}`,
      { cause },
    )
  }
}

interface Places {
  folder: string
  socketPath: string
  /** Removes what lies outside of the data folder. */
  clear(): void
}

const choosePlaces = (dataDir: DataDir | undefined): Places => {
  if (dataDir) {
    const folder = join(dataDir.path, 'redis')
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw new StartupError(`The folder ${folder} for the embedded Redis cannot be made.`, { cause })
    }
    const socketPath = join(folder, 'redis.sock')
    if (Buffer.byteLength(socketPath) <= LONGEST_SOCKET_PATH) return { folder, socketPath, clear() {} }
  }
  const temporary = mkdtempSync(join(tmpdir(), 'plaza-redis-'))
  return {
    folder: dataDir ? join(dataDir.path, 'redis') : temporary,
    socketPath: join(temporary, 'redis.sock'),
    clear: () => rmSync(temporary, { recursive: true, force: true }),
  }
}

/**
 * `volatile-lru`: only what has a time to live may be evicted, which is all that is a cache. `appendfsync no`: what is
 * answered has been handed to the kernel, and outlives us. `everysec` holds writes back for up to two seconds while the
 * disk is busy, and answers them all the same: a tombstone that is killed there leaves what it was to cover. Only a
 * machine that dies takes with it what the kernel has not written yet, some 30 seconds.
 */
const redisArguments = ({ folder, socketPath }: Places, persistent: boolean): string[] =>
  Object.entries({
    port: '0',
    unixsocket: socketPath,
    unixsocketperm: '700',
    appendonly: persistent ? 'yes' : 'no',
    appendfsync: 'no',
    save: '',
    dir: folder,
    maxmemory: '256mb',
    'maxmemory-policy': 'volatile-lru',
    daemonize: 'no',
    loglevel: 'notice',
  }).flatMap(([key, value]) => [`--${key}`, value])

const isInstalled = async (command: string): Promise<boolean> => {
  try {
    await promisify(execFile)(command, ['--version'])
    return true
  } catch (cause) {
    if (typeof cause === 'object' && cause && 'code' in cause && cause.code === 'ENOENT') return false
    throw new StartupError(`The embedded Redis could not be started: ${command} --version failed.`, { cause })
  }
}

/**
 * When our predecessor was killed, its child dies a moment later. Until then it may still append to the files
 * that we are about to load.
 */
const untilDeserted = async (socketPath: string): Promise<void> => {
  const deadline = performance.now() + PREDECESSOR_MS
  while (await connects(socketPath)) {
    if (performance.now() > deadline) {
      throw new StartupError(`Another redis-server is already listening on ${socketPath}.`)
    }
    await pause(20)
  }
}

const connects = async (socketPath: string): Promise<boolean> => {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Rejects unless the server answers PONG; hangs no longer than the server's process lives. */
const ping = (socketPath: string): Promise<void> =>
  new Promise((answered, failed) => {
    const socket = connect(socketPath, () => socket.write('PING\r\n'))
    let reply = ''
    socket.setEncoding('latin1')
    socket.on('error', failed)
    socket.on('close', () => failed(new Error(`${socketPath} closed without an answer`)))
    socket.on('data', (chunk: string) => {
      reply += chunk
      if (!reply.includes('\n')) return
      if (reply.startsWith('+PONG')) answered()
      else failed(new Error(`${socketPath} answered ${reply.trim()}`))
      socket.destroy()
    })
  })
