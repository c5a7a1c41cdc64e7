import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './until.ts'

const INSTANCE = new URL('./instance-process.ts', import.meta.url).pathname

export interface InstanceOptions {
  env: Record<string, string>
  parts?: {
    keptRows?: number
    outbox?: { leaseMs?: number; pollMs?: number }
    claims?: { leaseMs?: number }
  }
}

/** An instance of the test run's app that can be killed. */
export const startInstance = async ({ env, parts = {} }: InstanceOptions) => {
  const child = spawn(process.execPath, [INSTANCE, JSON.stringify({ env, parts })], {
    // It starts many times: twice as fast so.
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(tmpdir(), 'plaza-compile-cache') },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>(resolve => {
    child.once('close', () => resolve())
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    printed += text
  })
  await until(
    () => printed,
    seen => seen.includes('\n') || child.exitCode !== null,
    30_000,
  )
  const url = printed.trim()
  if (url === '') throw new Error('the instance did not start')
  const end = async (signal: NodeJS.Signals) => {
    // One that has ended already has been waited for.
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  return { url, pid: child.pid, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}
