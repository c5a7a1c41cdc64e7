import { types } from 'node:util'
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Paths that must never be printed, wherever an object that carries one is logged by mistake. */
const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'current_password',
  'new_password',
  'password_hash',
  'token',
  'refresh_token',
  'refresh_hash',
  'secret',
]

/** What each of those has; most lines have none of these. */
const MAY_HAVE = /[?&# ]/

/** Secrets in the midst of a text, such as a message that quotes a signed URL or a header. */
const IN_TEXT =
  /([?&#][\w.-]*(?:signature|credential|token|secret|password|key)[\w.-]*=|\b(?:Bearer|Basic) +)[^\s&"'\\]+/gi

/** Of an error only what it says: what hangs on it may be the whole request, its headers and body included. */
const tell = (thrown: unknown): unknown => {
  if (typeof thrown === 'string') return thrown
  if (!(thrown instanceof Error || types.isNativeError(thrown))) return `something thrown: ${typeof thrown}`
  const { type, message, stack, code, $metadata } = pino.stdSerializers.err(thrown)
  const several = 'errors' in thrown && Array.isArray(thrown.errors) && { errors: thrown.errors.map(tell) }
  return { type, message, stack, code, $metadata, ...several }
}

let written = { ms: 0, text: '' }

/** Pino's own makes a text of the time for each line; many have the same. */
const isoTime = () => {
  const ms = Date.now()
  if (ms !== written.ms) written = { ms, text: `,"time":"${new Date(ms).toISOString()}"` }
  return written.text
}

/** Standard output. The lines of one turn of the event loop are one write, and nothing is left behind at the end. */
const standardOutput = (): DestinationStream => {
  const out = pino.destination(1)
  let lines = ''
  const write = () => {
    if (lines === '') return
    const all = lines
    lines = ''
    out.write(all)
  }
  process.once('exit', write)
  return {
    write(line) {
      if (lines === '') setImmediate(write)
      lines += line
    },
  }
}

/**
 * The process's logger: one JSON object a line on stdout, times in ISO 8601.
 * @param level pino's level names; `silent` prints nothing
 * @param destination where the lines go; stdout when left out
 */
export const createLogger = (level: string, destination = standardOutput()): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: tell },
      redact: {
        paths: SECRETS.flatMap(key => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: line => (MAY_HAVE.test(line) ? line.replace(IN_TEXT, '$1[redacted]') : line) },
    },
    destination,
  )

/**
 * The same logger for lines of which no field can hold a secret: what searches each field for some costs twenty times
 * as much as the line itself. Secrets in the midst of a text are still taken out.
 */
export const plainLines = (logger: Logger): Logger => logger.child({}, { redact: [] })
