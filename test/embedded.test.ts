import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type ChildOptions, ChildStartError, superviseChild } from '../src/infra/embedded/child-process.ts'
import { keptSecret, openDataDir } from '../src/infra/embedded/data-dir.ts'
import { dynoxideBinary, freePort, launchDynamoDb } from '../src/infra/embedded/dynamodb.ts'
import { launchRedis } from '../src/infra/embedded/redis.ts'
import { createLogger } from '../src/infra/logger.ts'
import { StartupError } from '../src/lib/errors.ts'
import {
  afterwards,
  busyPort,
  groupRuns,
  kill,
  newFolder,
  notesAt,
  redisCommand,
  startGarbageCollected,
  startParent,
  stopping,
  undoAll,
  until,
} from './support/embedded-harness.ts'

const logger = createLogger('silent')

afterEach(undoAll)

const dataDirIn = (folder: string) => {
  const dataDir = openDataDir(folder)
  afterwards(dataDir.release)
  return dataDir
}

const startupError = (message: string) => expect.objectContaining({ name: 'StartupError', message })

const redisOn = async (options: Omit<Parameters<typeof launchRedis>[0], 'logger'> = {}) => {
  const redis = await launchRedis({ ...options, logger })
  if (!redis) throw new Error('these tests need redis-server in PATH')
  return stopping(redis)
}

describe('the data folder', () => {
  test('is made for its owner alone, with its parents', () => {
    const dataDir = dataDirIn(join(newFolder(), 'a', 'b'))
    expect(statSync(dataDir.path).mode & 0o777).toBe(0o700)
    expect(readdirSync(dataDir.path)).toEqual(['lock'])
  })

  test('cannot be opened twice until it is released', () => {
    const folder = newFolder()
    const first = openDataDir(folder)
    expect(() => openDataDir(folder)).toThrow(
      startupError(`Another Plaza process is already using ${folder}.`),
    )
    first.release()
    first.release()
    dataDirIn(folder)
  })

  test('stays locked when nobody refers to it any more', async () => {
    const folder = newFolder()
    await startGarbageCollected(folder)
    expect(() => openDataDir(folder)).toThrow(
      startupError(`Another Plaza process is already using ${folder}.`),
    )
  })

  test('is refused with path and reason where it cannot be written', () => {
    const file = join(newFolder(), 'file')
    writeFileSync(file, 'precious')
    expect(() => openDataDir(join(file, 'x'))).toThrow(
      startupError(`The data folder ${join(file, 'x')} cannot be written to: not a directory.`),
    )
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })

  test('keeps a secret that is made once, for its owner alone', () => {
    const folder = newFolder()
    const first = openDataDir(folder)
    const secret = keptSecret(first, 'jwt_secret')
    first.release()

    expect(Buffer.from(secret, 'base64url')).toHaveLength(48)
    expect(statSync(join(folder, 'jwt_secret')).mode & 0o777).toBe(0o600)
    expect(keptSecret(dataDirIn(folder), 'jwt_secret')).toBe(secret)
    expect(readdirSync(folder).sort()).toEqual(['jwt_secret', 'lock'])
    expect(keptSecret(dataDirIn(newFolder()), 'jwt_secret')).not.toBe(secret)
  })

  test.each(['', 'x'.repeat(31)])('never replaces a secret that is too short: "%s"', text => {
    const dataDir = dataDirIn(newFolder())
    writeFileSync(join(dataDir.path, 'jwt_secret'), text)
    expect(() => keptSecret(dataDir, 'jwt_secret')).toThrow(StartupError)
    expect(readFileSync(join(dataDir.path, 'jwt_secret'), 'utf8')).toBe(text)
  })
})

describe('a supervised child', () => {
  const supervise = (script: string, options: Partial<ChildOptions> = {}) =>
    superviseChild({
      name: 'child',
      command: '/bin/sh',
      args: ['-c', script],
      ready: /^ready$/,
      errors: /^error/,
      logger,
      ...options,
    })

  test('that exits before it is ready is reported in its own words', async () => {
    const script = 'echo error: no luck >&2; echo checking; exit 3'
    await expect(supervise(script)).rejects.toThrow(new ChildStartError('error: no luck'))
    await expect(supervise('exit 3')).rejects.toThrow(new ChildStartError('exit code 3'))
    await expect(supervise('', { command: '/no/such/file' })).rejects.toThrow(/no\/such\/file.* not found/)
  })

  test('that never gets ready, or does not answer, is killed', async () => {
    const file = join(newFolder(), 'pid')
    const script = `echo $$ > ${file}; echo almost; exec sleep 1000`
    await expect(supervise(script, { readyWithin: 1000 })).rejects.toThrow(/not ready within/)
    expect(groupRuns(Number(readFileSync(file, 'utf8')))).toBe(false)

    const confirm = () => Promise.reject(new Error('no answer'))
    const talker = `echo $$ > ${file}; echo ready; exec sleep 1000`
    await expect(supervise(talker, { confirm })).rejects.toThrow(/did not answer/)
    expect(groupRuns(Number(readFileSync(file, 'utf8')))).toBe(false)
  })

  test('that does not heed SIGTERM is killed', async () => {
    const child = stopping(
      await supervise('trap "" TERM; echo ready; while :; do sleep 0.1; done', { stopWithin: 100 }),
    )
    const pid = child.pid()
    await Promise.all([child.stop(), child.stop()])
    await until('its group is gone', () => !groupRuns(pid))
    expect([child.pid(), child.status()]).toEqual([undefined, 'down'])
  })

  test('speaks through the logger: trouble as a warning, the rest for debugging', async () => {
    const lines: string[] = []
    const verbose = createLogger('debug', { write: line => void lines.push(line) })
    const script = 'echo hello; echo error: so so >&2; echo ready; exec sleep 1000'
    stopping(await supervise(script, { logger: verbose }))
    await until('its three lines are logged', () => lines.length === 3)
    const logged = lines.map(line => JSON.parse(line)).map(({ level, msg, child }) => [level, msg, child])
    expect(logged).toContainEqual(['debug', 'hello', 'child'])
    expect(logged).toContainEqual(['warn', 'error: so so', 'child'])
  })

  test('is not started again once it was stopped while waiting for its restart', async () => {
    const file = join(newFolder(), 'starts')
    const lines: string[] = []
    const verbose = createLogger('warn', { write: line => void lines.push(line) })
    const script = `echo x >> ${file}; [ $(wc -l < ${file}) = 1 ] || exit 1; echo ready; exec sleep 1000`
    const child = stopping(await supervise(script, { logger: verbose }))
    kill(child.pid())
    await until('two restarts have failed', () => lines.filter(l => l.includes('could not be')).length >= 2)
    await child.stop()
    const starts = readFileSync(file, 'utf8')
    expect(child.pid()).toBeUndefined()
    expect(lines.some(line => line.includes('child died and is started again'))).toBe(true)
    expect(readFileSync(file, 'utf8')).toBe(starts)
  })

  test('is ended when it is stopped in the middle of its restart', async () => {
    const file = join(newFolder(), 'starts')
    const script = `echo x >> ${file}; [ $(wc -l < ${file}) = 1 ] && echo ready; exec sleep 1000`
    const child = stopping(await supervise(script))
    const first = child.pid()
    kill(first)
    await until('the second one runs', () => ![undefined, first].includes(child.pid()))
    const second = child.pid()
    expect(child.status()).toBe('down')
    await child.stop()
    expect([groupRuns(first), groupRuns(second)]).toEqual([false, false])
  })
})

describe('the embedded DynamoDB', () => {
  test('is back at the same endpoint with all it held after it was killed', async () => {
    const dynamo = stopping(await launchDynamoDb({ dataDir: dataDirIn(newFolder()), logger }))
    const notes = notesAt(dynamo.endpoint)
    await notes.write('kept')
    expect(dynamo.status()).toBe('ok')

    const first = dynamo.pid()
    kill(first)
    await until('it is down', () => dynamo.status() === 'down')
    await until('it is up', () => dynamo.status() === 'ok')
    expect(dynamo.pid()).not.toBe(first)
    expect(await notes.read()).toBe('kept')
  })

  test('leaves no process behind when it is stopped, while a client is connected', async () => {
    const dynamo = stopping(await launchDynamoDb({ logger }))
    const pid = dynamo.pid()
    await notesAt(dynamo.endpoint).write('lost')
    await dynamo.stop()
    await dynamo.stop()
    expect([dynamo.status(), dynamo.pid(), groupRuns(pid)]).toEqual(['down', undefined, false])
  })

  test('takes another port when one was stolen between choice and start', async () => {
    const stolen = await busyPort()
    const choices = [stolen, stolen]
    const choosePort = async () => choices.shift() ?? freePort()
    const dynamo = stopping(await launchDynamoDb({ logger, choosePort }))
    expect(choices).toEqual([])
    expect(new URL(dynamo.endpoint).port).not.toBe(String(stolen))
    await notesAt(dynamo.endpoint).write('mine')

    await expect(launchDynamoDb({ logger, choosePort: () => Promise.resolve(stolen) })).rejects.toThrow(
      new RegExp(`could not be started: port ${stolen} is already in use`),
    )
  })

  test('refuses a damaged database file and leaves it byte for byte as it was', async () => {
    const dataDir = dataDirIn(newFolder())
    const file = join(dataDir.path, 'dynamodb.sqlite')
    const bytes = randomBytes(9000)
    writeFileSync(file, bytes)
    await expect(launchDynamoDb({ dataDir, logger })).rejects.toThrow(
      startupError(
        `The database file ${file} is damaged or is not an SQLite database, and was left untouched: restore it from a backup, or move it away to start empty.`,
      ),
    )
    expect(readFileSync(file).equals(bytes)).toBe(true)
    expect(readdirSync(dataDir.path).sort()).toEqual(['dynamodb.sqlite', 'lock'])
  })

  test('says what to install or to set where there is no binary', () => {
    expect(() => dynoxideBinary('linux', 'pdp11')).toThrow(
      startupError(
        'The embedded DynamoDB has no binary for this machine: run "npm install --no-save @dynoxide/linux-pdp11", or set DYNAMODB_ENDPOINT to a DynamoDB of your own.',
      ),
    )
  })
})

describe('the embedded Redis', () => {
  test('is back with all it held after it was killed', async () => {
    const redis = await redisOn({ dataDir: dataDirIn(newFolder()) })
    await redisCommand(redis.socketPath, 'SET', 'note', 'kept')
    kill(redis.pid())
    await until('it is down', () => redis.status() === 'down')
    await until('it is up', () => redis.status() === 'ok')
    expect(await redisCommand(redis.socketPath, 'GET', 'note')).toBe('kept')
  })

  test('never answers a write that it keeps from the kernel, which a kill would then undo', async () => {
    const redis = await redisOn({ dataDir: dataDirIn(newFolder()) })
    // `everysec` does, for two seconds, while the disk is busy.
    const config = await redisCommand(redis.socketPath, 'CONFIG', 'GET', 'append*')
    expect(config).toMatchObject({ appendonly: 'yes', appendfsync: 'no' })
  })

  test('listens on no port, only on a socket of its owner', async () => {
    const redis = await redisOn()
    expect(await redisCommand(redis.socketPath, 'CONFIG', 'GET', 'port')).toEqual({ port: '0' })
    expect(statSync(redis.socketPath).mode & 0o777).toBe(0o700)
  })

  test('without a data folder leaves neither process nor file', async () => {
    const redis = await redisOn()
    const pid = redis.pid()
    await redis.stop()
    await redis.stop()
    expect([redis.status(), redis.pid(), groupRuns(pid)]).toEqual(['down', undefined, false])
    expect(existsSync(join(redis.socketPath, '..'))).toBe(false)
  })

  test('has its socket elsewhere when the data folder lies too deep for one', async () => {
    const dataDir = dataDirIn(join(newFolder(), 'd'.repeat(100)))
    const redis = await redisOn({ dataDir })
    expect(Buffer.byteLength(redis.socketPath)).toBeLessThan(100)
    await redisCommand(redis.socketPath, 'SET', 'note', 'kept')
    await redis.stop()
    expect(existsSync(redis.socketPath)).toBe(false)
    expect(await redisCommand((await redisOn({ dataDir })).socketPath, 'GET', 'note')).toBe('kept')
  })

  test('refuses damaged data and leaves it byte for byte as it was', async () => {
    const dataDir = dataDirIn(newFolder())
    const redis = await redisOn({ dataDir })
    await redisCommand(redis.socketPath, 'SET', 'note', 'kept')
    await redis.stop()

    const folder = join(dataDir.path, 'redis', 'appendonlydir')
    for (const name of readdirSync(folder)) {
      const file = join(folder, name)
      const before = readFileSync(file)
      const damage = Buffer.concat([before.subarray(0, 40), randomBytes(500)])
      writeFileSync(file, damage)
      await expect(launchRedis({ dataDir, logger })).rejects.toThrow(
        startupError(
          `The Redis data in ${folder} is damaged, and was left untouched: restore it from a backup, or move it away to start empty.`,
        ),
      )
      expect(readFileSync(file).equals(damage)).toBe(true)
      writeFileSync(file, before)
    }
    expect(await redisCommand((await redisOn({ dataDir })).socketPath, 'GET', 'note')).toBe('kept')
  })

  test('is null where the command is not in PATH', async () => {
    expect(await launchRedis({ logger, command: 'no-such-redis-server' })).toBeNull()
  })

  test('names a folder that it cannot make', async () => {
    const dataDir = dataDirIn(newFolder())
    writeFileSync(join(dataDir.path, 'redis'), 'a file')
    await expect(launchRedis({ dataDir, logger })).rejects.toThrow(StartupError)
  })
})

describe('a process that is killed', () => {
  test('takes its backends with it, gives its folder up and loses nothing', async () => {
    const folder = newFolder()
    const parent = await startParent(folder)
    await notesAt(parent.endpoint).write('kept')
    await redisCommand(parent.socketPath, 'SET', 'note', 'kept')
    expect(() => openDataDir(folder)).toThrow(/already using/)
    expect(parent.pids.map(groupRuns)).toEqual([true, true])

    kill(parent.pid)
    await until('the children are gone', () => !parent.pids.some(groupRuns))

    const dataDir = dataDirIn(folder)
    const dynamo = stopping(await launchDynamoDb({ dataDir, logger }))
    const redis = await redisOn({ dataDir })
    expect(await notesAt(dynamo.endpoint).read()).toBe('kept')
    expect(await redisCommand(redis.socketPath, 'GET', 'note')).toBe('kept')
  })
})
