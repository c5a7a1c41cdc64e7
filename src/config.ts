import { existsSync } from 'node:fs'
import { z } from 'zod'
import { StartupError } from './lib/errors.ts'

const MIB = 1024 * 1024

/** Digits alone: what JavaScript takes for a number besides (a space, 0x10, 1e3) is more likely a mistake. */
const whole = (min: number, max: number = Number.MAX_SAFE_INTEGER) => {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  const error = `must be a whole number ${bounds}`
  return z
    .string()
    .regex(/^\d{1,16}$/, error)
    .transform(Number)
    .refine(value => value >= min && value <= max, error)
}

const address = (...schemes: string[]) =>
  z
    .url({
      protocol: new RegExp(`^(?:${schemes.join('|')})$`),
      hostname: /./,
      error: `must be a URL that begins with ${schemes.map(scheme => `${scheme}://`).join(' or ')}`,
    })
    .optional()

const secret = z
  .string()
  .refine(
    value => Buffer.byteLength(value) >= 32,
    'must be at least 32 bytes, for example `openssl rand -base64 48`',
  )
  .optional()

/** As browsers send them; `*` is legal in a host and would match nothing. */
const isOrigin = (text: string) =>
  /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text

const origins = z
  .string()
  .transform(text =>
    text
      .split(',')
      .map(origin => origin.trim())
      .filter(Boolean),
  )
  .refine(
    list => list.every(isOrigin),
    'must be exact origins such as https://app.example.com, parted by commas',
  )
  .default([])

/** `a@example.com` or `Plaza <a@example.com>`. */
const sender = z
  .string()
  .refine(
    text => z.email().safeParse(/^[^<>"\p{Cc}]*<([^<>]*)>$/u.exec(text)?.[1] ?? text).success,
    'must be an e-mail address, or a name with one: Plaza <plaza@example.com>',
  )
  .optional()

/** Links are put together by writing on behind it. */
const base = address('http', 'https').refine(
  url => url === undefined || !/[?#]/.test(url),
  'must have no query and no fragment',
)

/** Every variable that the service reads; `.env.example` explains each. */
const Environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().optional(),
  PORT: whole(0, 65_535).default(3000),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: z
    .union([z.literal('off'), whole(0, 65_535)], 'must be `off` or a whole number from 0 to 65535')
    .default(9464),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DATA_DIR: z.string().default('.data'),
  AWS_REGION: z.string().default('us-east-1'),
  DYNAMODB_ENDPOINT: address('http', 'https'),
  TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,64}$/, 'may hold letters, digits, _ . - (at most 64)')
    .default('plaza-'),
  S3_BUCKET: z.string().optional(),
  S3_ENDPOINT: address('http', 'https'),
  REDIS_URL: address('redis', 'rediss'),
  JWT_SECRET: secret,
  JWT_PREVIOUS_SECRET: secret,
  CORS_ORIGINS: origins,
  TRUST_PROXY: whole(0, 32).default(0),
  BCRYPT_COST: whole(4, 15).default(10),
  MAX_FILE_SIZE: whole(1).default(5 * 1024 * MIB),
  USER_QUOTA_BYTES: whole(0).default(10 * 1024 * MIB),
  UPLOADS_AT_ONCE: whole(1, 10_000).default(32),
  FANOUT_MAX_FOLLOWERS: whole(0).default(5000),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
  REGISTRATION_MODE: z.enum(['open', 'verify']).default('open'),
  PUBLIC_URL: base,
  MAIL_FROM: sender,
  SES_ENDPOINT: address('http', 'https'),
  DRAIN_SECONDS: whole(0, 3600).optional(),
})

type Environment = z.output<typeof Environment>

/** The names of all of them. */
export const VARIABLES: readonly string[] = Object.keys(Environment.shape)

type Variables = Readonly<Record<string, string | undefined>>

/** Secrets that stand in `.env.example` and in tutorials, which everybody knows. */
const KNOWN_SECRETS = /change[-_ ]?me|example|your[-_ ]?secret/i

const requiredIn = ({ REGISTRATION_MODE, MAIL_FROM }: Variables) => {
  // Who can be written to needs a link that leads somewhere, which no request's Host header has a say in.
  const links = REGISTRATION_MODE === 'verify' || MAIL_FROM !== undefined
  return [
    ...['S3_BUCKET', 'REDIS_URL', 'JWT_SECRET'],
    ...(REGISTRATION_MODE === 'verify' ? ['MAIL_FROM'] : []),
    ...(links ? ['PUBLIC_URL'] : []),
  ]
}

/** What production asks for besides each variable's own form; it looks at the variables as they were written. */
const productionFaults = (variables: Variables): string[] => {
  if (variables.NODE_ENV !== 'production') return []
  const faults = requiredIn(variables)
    .filter(name => variables[name] === undefined)
    .map(name => `${name} must be set in production`)
  for (const name of ['JWT_SECRET', 'JWT_PREVIOUS_SECRET']) {
    if (KNOWN_SECRETS.test(variables[name] ?? '')) faults.push(`${name} is an example that everybody knows`)
  }
  if (Number(variables.BCRYPT_COST) < 10) faults.push('BCRYPT_COST must be at least 10 in production')
  if (/^http:/.test(variables.PUBLIC_URL ?? ''))
    faults.push('PUBLIC_URL must begin with https:// in production')
  if (variables.RATE_LIMITS === 'off') faults.push('RATE_LIMITS must not be off in production')
  return faults
}

const toConfig = (env: Environment) => {
  const production = env.NODE_ENV === 'production'
  return Object.freeze({
    production,
    host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: env.PORT,
    adminHost: env.ADMIN_HOST,
    /** Null: nothing listens for operators' tools. */
    adminPort: env.ADMIN_PORT === 'off' ? null : env.ADMIN_PORT,
    logLevel: env.LOG_LEVEL,
    dataDir: env.DATA_DIR,
    region: env.AWS_REGION,
    /** undefined: the region's own endpoint in production, the embedded database otherwise. */
    dynamodbEndpoint: env.DYNAMODB_ENDPOINT,
    dynamodbEmbedded: !production && env.DYNAMODB_ENDPOINT === undefined,
    tablePrefix: env.TABLE_PREFIX,
    s3Bucket: env.S3_BUCKET,
    /** Files lie on this machine's disk. */
    storageEmbedded: !production && env.S3_BUCKET === undefined,
    s3Endpoint: env.S3_ENDPOINT,
    redisUrl: env.REDIS_URL,
    redisEmbedded: !production && env.REDIS_URL === undefined,
    jwtSecret: env.JWT_SECRET,
    jwtPreviousSecret: env.JWT_PREVIOUS_SECRET,
    corsOrigins: Object.freeze(env.CORS_ORIGINS),
    trustProxy: env.TRUST_PROXY,
    bcryptCost: env.BCRYPT_COST,
    maxFileSize: env.MAX_FILE_SIZE,
    userQuotaBytes: env.USER_QUOTA_BYTES,
    uploadsAtOnce: env.UPLOADS_AT_ONCE,
    fanoutMaxFollowers: env.FANOUT_MAX_FOLLOWERS,
    rateLimits: env.RATE_LIMITS === 'on',
    registrationMode: env.REGISTRATION_MODE,
    /** What the links in mails begin with, without a slash at the end; undefined: where this process listens. */
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
    /** undefined: mail is printed, and in production there is none. */
    mailFrom: env.MAIL_FROM,
    sesEndpoint: env.SES_ENDPOINT,
    /** Seconds for which a stopping process goes on answering, so that load balancers notice. */
    drainSeconds: env.DRAIN_SECONDS ?? (production ? 20 : 0),
  })
}

export type Config = ReturnType<typeof toConfig>

/**
 * Reads the configuration from a set of environment variables; an empty one counts as unset.
 * Throws one StartupError that names every wrong variable and what is wrong with it, never its value.
 */
export const readConfig = (variables: Variables): Config => {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(set)
  // A set: a URL that is wrong in two ways is told of once.
  const faults = new Set([
    ...(parsed.error?.issues ?? []).map(issue => `${issue.path.join('.')} ${issue.message}`),
    ...productionFaults(set),
  ])
  if (!parsed.success || faults.size > 0) {
    throw new StartupError(`The configuration is wrong: ${[...faults].join('; ')}.`)
  }
  return toConfig(parsed.data)
}

/** The configuration of this process, from the environment and from a file `.env`. The only place that reads either. */
export const loadConfig = (): Config => {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return readConfig(process.env)
}
