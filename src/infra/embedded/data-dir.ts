import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { getSystemErrorMessage } from 'node:util'
import { StartupError } from '../../lib/errors.ts'

/** The folder with all state of the embedded mode, held by this process alone until `release()`. */
export interface DataDir {
  /** Absolute. */
  readonly path: string
  /** Gives the lock up, to be called when everything that writes below `path` has stopped. Idempotent. */
  release(): void
}

const SECRET_BYTES = 48
const SHORTEST_SECRET_BYTES = 32
const SQLITE_BUSY = 5

/** A connection that is garbage-collected is closed and its lock with it, however long the process lives. */
const held = new Set<DatabaseSync>()

/**
 * Makes the folder where it is missing (mode 0700, parents too), proves that it can be written to and takes
 * its lock, which the kernel ends with the process however that dies.
 * @throws StartupError when the folder cannot be made or written, or another process holds it
 */
export const openDataDir = (path: string): DataDir => {
  const absolute = resolve(path)
  try {
    mkdirSync(absolute, { recursive: true, mode: 0o700 })
    // Its own name each time: the folder is not locked yet.
    const probe = join(absolute, `write-probe-${randomUUID()}`)
    writeDurably(probe, 'writable')
    rmSync(probe)
  } catch (cause) {
    throw new StartupError(`The data folder ${absolute} cannot be written to: ${reason(cause)}.`, { cause })
  }
  const lock = takeLock(absolute)
  return {
    path: absolute,
    release() {
      if (held.delete(lock)) lock.close()
    },
  }
}

/**
 * The secret of that name, made at first use and the same from then on: 48 random bytes as base64url in a
 * file of mode 0600. A file that holds less than 32 bytes is somebody's accident, and replacing it would sign
 * everybody out, so it is only reported.
 * @throws StartupError when the file cannot be read or written, or holds too little
 */
export const keptSecret = (dataDir: DataDir, name: 'jwt_secret'): string => {
  const file = join(dataDir.path, name)
  try {
    const kept = readIfThere(file)
    if (kept === undefined) {
      writeDurably(`${file}.new`, randomBytes(SECRET_BYTES).toString('base64url'))
      renameSync(`${file}.new`, file)
      syncFolder(dataDir.path)
    }
  } catch (cause) {
    throw new StartupError(`The secret in ${file} cannot be kept: ${reason(cause)}.`, { cause })
  }
  const secret = readIfThere(file) ?? ''
  if (Buffer.byteLength(secret) < SHORTEST_SECRET_BYTES) {
    throw new StartupError(
      `The secret in ${file} is shorter than ${SHORTEST_SECRET_BYTES} bytes and was left untouched: restore it from a backup, or move it away to have a new one made, which signs everybody out.`,
    )
  }
  return secret
}

/**
 * Node has no flock(2); SQLite's exclusive transaction is a lock by fcntl(2) (LockFileEx on Windows). Nothing
 * is ever written to the file, so its journal need not be one.
 */
const takeLock = (folder: string): DatabaseSync => {
  const file = join(folder, 'lock')
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(file, { timeout: 0 })
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    held.add(lock)
    return lock
  } catch (cause) {
    lock?.close()
    const busy = property(cause, 'errcode') === SQLITE_BUSY
    throw new StartupError(
      busy
        ? `Another Plaza process is already using ${folder}.`
        : `The data folder ${folder} cannot be locked by means of ${file}: ${reason(cause)}.`,
      { cause },
    )
  }
}

const readIfThere = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (property(error, 'code') === 'ENOENT') return undefined
    throw error
  }
}

/** What an earlier process left half-written under this name is replaced. */
const writeDurably = (file: string, text: string) => {
  rmSync(file, { force: true })
  const fd = openSync(file, 'wx', 0o600)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** A rename is durable when the folder is. Windows cannot open folders, and has no need to. */
const syncFolder = (folder: string) => {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** "permission denied" for a system error, else the error's own words. */
const reason = (error: unknown): string => {
  const errno = property(error, 'errno')
  return typeof errno === 'number'
    ? getSystemErrorMessage(errno)
    : String(property(error, 'message') ?? error)
}

const property = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
