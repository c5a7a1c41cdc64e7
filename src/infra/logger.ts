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
  'secret',
]

/**
 * The process's logger: one JSON object a line on stdout, times in ISO 8601.
 * @param level pino's level names; `silent` prints nothing
 * @param destination where the lines go; stdout when left out
 */
export const createLogger = (level: string, destination?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: {
        paths: SECRETS.flatMap(key => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
    },
    ...(destination ? [destination] : []),
  )
