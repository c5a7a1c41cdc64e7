import { execFileSync } from 'node:child_process'
import { readConfig } from '../../src/config.ts'
import { createContext } from '../../src/context.ts'
import { createLogger } from '../../src/infra/logger.ts'
import { serve } from '../../src/serve.ts'
import type { Dice } from './dice.ts'
import { startInstance } from './instance.ts'
import { startProcess } from './process.ts'

/** Everything embedded, in one folder. */
export const embeddedIn = (DATA_DIR: string) => ({
  ...{ NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR, TABLE_PREFIX: 'kills-' },
  ...{ DYNAMODB_ENDPOINT: '', REDIS_URL: '', RATE_LIMITS: 'off', BCRYPT_COST: '4' },
  JWT_SECRET: 'only-for-tests-0123456789-0123456789-0123456789',
})

export type Embedded = ReturnType<typeof embeddedIn>

/** Plaza as a user starts it, or with jobs that are taken over soon: then that is what dies in the middle, too. */
const start = async (env: Embedded, dice: Dice) => {
  if (dice.below(3) > 0) return startInstance({ env, parts: { outbox: { leaseMs: 500, pollMs: 50 } } })
  const { child, url, ended } = await startProcess(env)
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  return { url, pid: child.pid, kill }
}

export type Part = 'dynoxide' | 'redis-server' | 'process'

/** A process on a folder of its own, with the backends that it has launched itself. */
export const startKillable = async (env: Embedded, dice: Dice) => {
  const { url, pid, kill } = await start(env, dice)
  /** A backend that is not up again yet has none. */
  const pidOf = (part: Part) => {
    if (part === 'process') return pid
    const rows = execFileSync('ps', ['--ppid', String(pid), '-o', 'pid=,comm='], { encoding: 'utf8' })
    const found = new RegExp(`(\\d+) ${part}`).exec(rows)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return {
    url,
    stop: kill,
    /** Some of it, or all, at the same moment. */
    async kill(parts: readonly Part[]) {
      const pids = parts.map(pidOf).filter(found => found !== undefined)
      for (const found of pids) process.kill(found, 'SIGKILL')
      if (parts.includes('process')) await kill()
    },
  }
}

/** The same made in this process, where one can look into it; its outbox hurries. */
export const openKilled = async (env: Embedded) => {
  const context = await createContext(readConfig(env), {
    logger: createLogger('silent'),
    outbox: { pollMs: 10, retryMs: 10 },
  })
  const server = await serve(context)
  return {
    url: server.url,
    context,
    async close() {
      await server.close()
      await context.close()
    },
  }
}
