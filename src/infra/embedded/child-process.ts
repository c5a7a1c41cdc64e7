import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import { spawnTied, type TiedProcess } from './tied-process.ts'

export interface ChildOptions {
  /** For the log and error messages. */
  name: string
  /** A path, or a name to be found in PATH. */
  command: string
  args: readonly string[]
  /** Matches the line of its output by which it says that it is ready. */
  ready: RegExp
  /** Asked after the ready line: rejects when the child does not answer after all. */
  confirm?: () => Promise<void>
  /** Matches the lines that tell of trouble: logged at warn, all others at debug. */
  errors: RegExp
  logger: Logger
  /** Milliseconds that one start may take; 10 s when left out. */
  readyWithin?: number
  /** Milliseconds between SIGTERM and SIGKILL; 5 s when left out. */
  stopWithin?: number
}

export interface SupervisedChild {
  /** `ok` from when the child is ready until it exits or is asked to. */
  status(): 'ok' | 'down'
  /** Ends the child and its supervision, resolves when the process is gone. Idempotent; never rejects. */
  stop(): Promise<void>
  /** Undefined while no process runs. */
  pid(): number | undefined
}

/** Why a child did not come up: the message is its own last line of trouble, or what we saw from outside. */
export class ChildStartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ChildStartError'
  }
}

const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5000
/** A child that was up for this long is restarted as promptly as if it had never died before. */
const STEADY_MS = 30_000

/**
 * Starts a child and, once it has been ready, starts it again with the same arguments whenever it dies: after
 * 100 ms, and after twice as long each time it dies soon again, up to 5 s. It dies with our process, however
 * that ends.
 * @throws ChildStartError when the first start fails; then nothing is left running
 */
export const superviseChild = async (options: ChildOptions): Promise<SupervisedChild> => {
  const { name, logger, stopWithin = 5000 } = options
  const halt = new AbortController()
  let current: TiedProcess | undefined
  let ready: TiedProcess | undefined
  let stopped: Promise<void> | undefined

  const start = async (): Promise<TiedProcess> => {
    const attempt = startChild(options)
    current = attempt.child
    await attempt.ready
    ready = attempt.child
    return attempt.child
  }

  let delay = FIRST_DELAY_MS
  const restart = async (): Promise<TiedProcess | undefined> => {
    while (true) {
      await pause(delay, undefined, { signal: halt.signal }).catch(() => {})
      if (halt.signal.aborted) return undefined
      delay = Math.min(delay * 2, LONGEST_DELAY_MS)
      try {
        const child = await start()
        logger.info({ child: name, pid: child.pid }, `${name} was restarted`)
        return child
      } catch (err) {
        if (halt.signal.aborted) return undefined
        logger.warn({ child: name, err }, `${name} could not be restarted`)
      }
    }
  }

  const keepUp = async (first: TiedProcess): Promise<void> => {
    let child: TiedProcess | undefined = first
    while (child) {
      const since = performance.now()
      const how = await child.gone
      if (halt.signal.aborted) return
      logger.warn({ child: name, how }, `${name} died and is started again`)
      if (performance.now() - since > STEADY_MS) delay = FIRST_DELAY_MS
      child = await restart()
    }
  }

  const supervision = keepUp(await start())
  return {
    status: () => (ready?.alive() && !halt.signal.aborted ? 'ok' : 'down'),
    pid: () => (current?.alive() ? current.pid : undefined),
    stop() {
      halt.abort()
      stopped ??= Promise.all([current && end(current, stopWithin), supervision]).then(() => {})
      return stopped
    },
  }
}

/** One start: the process, and the promise that it is ready or gone. */
const startChild = (options: ChildOptions): { child: TiedProcess; ready: Promise<void> } => {
  const { name, readyWithin = 10_000 } = options
  const said = Promise.withResolvers<void>()
  let lastLine = ''
  let lastError = ''
  const child = spawnTied(options.command, options.args, line => {
    const error = options.errors.test(line)
    if (error) lastError = line
    if (line.trim() !== '') lastLine = line
    options.logger[error ? 'warn' : 'debug']({ child: name }, line)
    if (options.ready.test(line)) said.resolve()
  })

  const untilReady = async () => {
    let late = false
    const patience = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, readyWithin)
    const died = child.gone.then(how => {
      throw new ChildStartError(
        late ? `it was not ready within ${readyWithin} ms` : lastError || lastLine || how,
      )
    })
    try {
      await Promise.race([said.promise.then(options.confirm), died])
    } catch (cause) {
      child.kill('SIGKILL')
      await child.gone
      if (cause instanceof ChildStartError) throw cause
      throw new ChildStartError('it said that it was ready and did not answer', { cause })
    } finally {
      clearTimeout(patience)
    }
  }
  return { child, ready: untilReady() }
}

const end = async (child: TiedProcess, stopWithin: number): Promise<void> => {
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), stopWithin)
  await child.gone
  clearTimeout(patience)
}
