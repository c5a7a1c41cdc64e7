import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname

/** Plaza as a process of its own, the way a user starts it. */
export interface PlazaProcess {
  child: ChildProcess
  /** Where it answers. */
  url: string
  /** All that it has printed so far. */
  stdout(): string
  /** The same of what it has printed as an error. */
  stderr(): string
  /** Settles when the process has ended, with its exit code or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
}

/** Nothing of the test run's own environment that would configure the service. */
const environment = (env: Record<string, string>) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  PORT: '0',
  ADMIN_PORT: '0',
  ...(env.NODE_ENV !== 'production' && { RATE_LIMITS: 'off' }),
  ...env,
})

const launch = (env: Record<string, string>) => {
  const child = spawn(process.execPath, [MAIN], {
    cwd: tmpdir(),
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    printed.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    printed.stderr += text
  })
  const ended = new Promise<number | NodeJS.Signals>(resolve => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? -1))
  })
  return { child, printed, ended }
}

const LISTENING = /"url":"(http:[^"]+)"/

/** Starts the service and waits until it listens. */
export const startProcess = async (env: Record<string, string> = {}): Promise<PlazaProcess> => {
  const { child, printed, ended } = launch(env)
  await until(
    () => printed.stdout,
    seen => LISTENING.test(seen) || child.exitCode !== null,
    20_000,
  )
  const url = LISTENING.exec(printed.stdout)?.[1]
  if (url === undefined) throw new Error(`did not start: ${printed.stderr}`)
  return { child, url, stdout: () => printed.stdout, stderr: () => printed.stderr, ended }
}

/** Starts the service on a port of `env` with nobody at the other end of its stdout. */
export const startUnread = (env: Record<string, string>): PlazaProcess => {
  const { child, ended } = launch(env)
  child.stdout.destroy()
  return { child, url: `http://127.0.0.1:${env.PORT}`, stdout: () => '', stderr: () => '', ended }
}

/** Starts the service where it cannot start, and tells how it ended. */
export const startInVain = async (env: Record<string, string>) => {
  const { printed, ended } = launch(env)
  return { code: await ended, stderr: printed.stderr }
}

/** A folder for the state of one test, removed by `remove`. */
export const temporaryFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'plaza-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
