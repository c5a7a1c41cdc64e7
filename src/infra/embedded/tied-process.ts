import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** A process that cannot outlive ours. */
export interface TiedProcess {
  readonly pid: number | undefined
  /** Settles when the process is gone and its output has been read; tells how: `exit code 1`, `SIGKILL`. */
  readonly gone: Promise<string>
  alive(): boolean
  /** Nothing happens when the process has already gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/**
 * The shell becomes the command (`exec`), so `$$` is the command's pid. Before that it leaves a watcher behind
 * that reads from descriptor 3, whose other end only our process holds: end-of-file means that we died, by
 * whatever signal, and a line means that the command is gone and its pid may belong to somebody else by now.
 * The watcher lets go of the output, which would otherwise seem open for as long as it waits.
 */
const TIE = '( read _ <&3 || kill -9 $$ ) >/dev/null 2>&1 & exec "$@" 3<&-'

/** How long output may stay open, held by a process that the command itself started, once it is gone. */
const LINGER_MS = 1000

/**
 * Starts the command in a process group of its own, so that a terminal's Ctrl-C reaches only us.
 * @param onLine every line of its stdout and stderr, as they come
 */
export const spawnTied = (
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
): TiedProcess => {
  const child = launch(command, args)
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
  }

  const lifeline = child.stdio[3]
  if (lifeline instanceof Socket) {
    // The watcher may be gone before it is told; that is as well.
    lifeline.on('error', () => {})
    lifeline.resume()
  }
  let alive = child.pid !== undefined
  const gone = new Promise<string>(done => {
    child.on('error', error => {
      // The same event tells of a failed kill, which changes nothing.
      if (child.pid === undefined) done(error.message)
    })
    child.on('exit', (code, signal) => {
      alive = false
      if (lifeline instanceof Socket) lifeline.end('\n')
      const linger = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy()
      }, LINGER_MS)
      child.on('close', () => {
        clearTimeout(linger)
        done(signal ?? `exit code ${code}`)
      })
    })
  })
  return { pid: child.pid, gone, alive: () => alive, kill: signal => void child.kill(signal) }
}

/** Windows ties a child that is not detached to its parent by a job object, and has no /bin/sh. */
const launch = (command: string, args: readonly string[]): ChildProcess =>
  process.platform === 'win32'
    ? spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true })
    : spawn('/bin/sh', ['-c', TIE, 'sh', command, ...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        detached: true,
      })
