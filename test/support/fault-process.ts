import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { until } from './until.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const FAULTS = new URL('./fault-points.ts', import.meta.url).href
const LISTENING = /"url":"(http:[^"]+)"/

/** Plaza as a process of its own in which files can be brought to a halt at a chosen step: see fault-points.ts. */
export const startFaulty = async (env: Record<string, string>) => {
  const child = spawn(process.execPath, ['--import', FAULTS, MAIN], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => {
    child.once('close', () => resolve())
  })
  let printed = ''
  const heard = new EventEmitter().setMaxListeners(0)
  child.stdout.setEncoding('utf8').on('data', text => {
    printed += text
    heard.emit('more')
  })
  const dead = () => child.exitCode !== null || child.signalCode !== null
  await until(
    () => printed,
    seen => LISTENING.test(seen) || dead(),
    20_000,
  )
  const url = LISTENING.exec(printed)?.[1]
  if (url === undefined) throw new Error(`did not start: ${printed}`)
  return {
    url,
    /** When a file has come to a halt at its n-th step. */
    halted: (step: number) =>
      new Promise<true>(resolve => {
        const look = () => {
          if (!printed.includes(`{"halted":${step}}\n`)) return
          heard.off('more', look)
          resolve(true)
        }
        heard.on('more', look)
        look()
      }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
