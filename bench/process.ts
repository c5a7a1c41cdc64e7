import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const TICKS_PER_SECOND = 100

/** A server under test, in a process of its own. */
export interface ServerProcess {
  url: string
  /** Milliseconds from its start until it said where it listens. */
  startMs: number
  /** CPU time of the process so far, in ms, as the kernel accounts it; NaN where there is no /proc. */
  cpuMs(): number
  /** Resident memory, in bytes; NaN where there is no /proc. */
  rss(): number
  stop(): Promise<void>
}

const procfs = (pid: number, file: string) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** Starts `script`, which prints a line with `"url":"http://…"` on its standard output; that goes to a file. */
export const startProcess = async (
  script: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<ServerProcess> => {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'))
  const output = join(folder, 'output')
  const begun = performance.now()
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', openSync(output, 'w'), 'inherit'],
  })
  const pid = child.pid ?? 0
  const stop = async () => {
    const ended = new Promise(resolve => child.once('exit', resolve))
    if (child.kill('SIGTERM')) await ended
    await rm(folder, { recursive: true, force: true })
  }
  for (;;) {
    const [, url] = /"url":"(http:[^"]+)"/.exec(readFileSync(output, 'utf8')) ?? []
    if (url !== undefined) {
      return {
        url,
        startMs: performance.now() - begun,
        cpuMs() {
          const fields = procfs(pid, 'stat').split(') ')[1]?.split(' ') ?? []
          return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
        },
        rss: () => Number(/VmRSS:\s+(\d+)/.exec(procfs(pid, 'status'))?.[1]) * 1024,
        stop,
      }
    }
    if (child.exitCode !== null || performance.now() - begun > 30_000) {
      await stop()
      throw new Error(`${script} did not start`)
    }
    await sleep(5)
  }
}
