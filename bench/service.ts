import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = new URL('../src/main.ts', import.meta.url).pathname

/** A service of its own on embedded backends and a kernel-chosen port, with its state in a temporary folder. */
export const startService = async (env: Record<string, string> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'))
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: {
      ...{ PATH: process.env.PATH, PORT: '0', ADMIN_PORT: '0', DATA_DIR: folder, RATE_LIMITS: 'off' },
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the service did not start')))
    createInterface(child.stdout).on('line', line => {
      const [, found] = /"url":"(http:[^"]+)","version"/.exec(line) ?? []
      if (found) resolve(found)
    })
  })
  return {
    url,
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
