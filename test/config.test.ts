import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readConfig, VARIABLES } from '../src/config.ts'
import { StartupError } from '../src/lib/errors.ts'

const SECRET = 'Zu4kq0pVt1Yb8s3mWc7hXe2nRj6gLd9fAa5oTi4u'

/** The least that production starts with. */
const PRODUCTION = {
  NODE_ENV: 'production',
  S3_BUCKET: 'plaza-files',
  REDIS_URL: 'rediss://cache.internal:6379',
  JWT_SECRET: SECRET,
}

/** What is said about variables that are refused. */
const refusal = (variables: Record<string, string>): string => {
  try {
    readConfig(variables)
  } catch (error) {
    if (error instanceof StartupError) return error.message
    throw error
  }
  throw new Error('these variables were taken')
}

/** The lines of `.env.example` that set a variable, or would if they were not commented out. */
const exampleVariables = () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
  return new Map([...text.matchAll(/^#? ?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [name, value]))
}

describe('the configuration', () => {
  test('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      production: false,
      host: '127.0.0.1',
      port: 3000,
      adminHost: '127.0.0.1',
      adminPort: 9464,
      logLevel: 'info',
      dataDir: '.data',
      region: 'us-east-1',
      dynamodbEndpoint: undefined,
      dynamodbEmbedded: true,
      tablePrefix: 'plaza-',
      s3Bucket: undefined,
      s3Endpoint: undefined,
      redisUrl: undefined,
      redisEmbedded: true,
      storageEmbedded: true,
      jwtSecret: undefined,
      jwtPreviousSecret: undefined,
      corsOrigins: [],
      trustProxy: 0,
      bcryptCost: 10,
      maxFileSize: 5 * 1024 ** 3,
      userQuotaBytes: 10 * 1024 ** 3,
      uploadsAtOnce: 32,
      fanoutMaxFollowers: 5000,
      rateLimits: true,
      registrationMode: 'open',
      publicUrl: undefined,
      mailFrom: undefined,
      sesEndpoint: undefined,
      drainSeconds: 0,
    })
  })

  test('switches each backend to a real one on its own', () => {
    expect(readConfig({ DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' })).toMatchObject({
      dynamodbEndpoint: 'http://127.0.0.1:8000',
      dynamodbEmbedded: false,
      redisEmbedded: true,
    })
    expect(readConfig({ REDIS_URL: 'redis://:secret@127.0.0.1:6379/1' })).toMatchObject({
      redisUrl: 'redis://:secret@127.0.0.1:6379/1',
      redisEmbedded: false,
      dynamodbEmbedded: true,
    })
    expect(readConfig({ S3_BUCKET: 'files' })).toMatchObject({
      s3Bucket: 'files',
      dynamodbEmbedded: true,
      redisEmbedded: true,
    })
  })

  test('runs production on real backends alone', () => {
    expect(readConfig(PRODUCTION)).toMatchObject({
      production: true,
      host: '0.0.0.0',
      dynamodbEndpoint: undefined,
      dynamodbEmbedded: false,
      redisEmbedded: false,
      jwtSecret: SECRET,
      drainSeconds: 20,
    })
  })

  test('asks for a sender and for where links lead, in production, where mail is sent', () => {
    const from = { MAIL_FROM: 'Plaza <plaza@example.com>' }
    const url = { PUBLIC_URL: 'https://plaza.example.com/' }
    expect(readConfig(PRODUCTION)).toMatchObject({ registrationMode: 'open', mailFrom: undefined })
    const verify = { ...PRODUCTION, REGISTRATION_MODE: 'verify' }
    const missing = refusal(verify)
    for (const name of ['MAIL_FROM', 'PUBLIC_URL']) expect(missing).toContain(`${name} must be set`)
    expect(refusal({ ...verify, ...url })).not.toContain('PUBLIC_URL')
    expect(refusal({ ...PRODUCTION, ...from })).toContain('PUBLIC_URL must be set in production')
    const plain = { ...from, PUBLIC_URL: 'http://plaza.example.com' }
    expect(refusal({ ...PRODUCTION, ...plain })).toContain('PUBLIC_URL must begin with https://')
    expect(readConfig({ ...verify, ...from, ...url })).toMatchObject({
      registrationMode: 'verify',
      mailFrom: from.MAIL_FROM,
      publicUrl: 'https://plaza.example.com',
    })
    expect(readConfig(plain)).toMatchObject({ publicUrl: plain.PUBLIC_URL })
    expect(readConfig({ REGISTRATION_MODE: 'verify' })).toMatchObject({ registrationMode: 'verify' })
  })

  test('names every variable that is wrong for production in one message', () => {
    const message = refusal({
      NODE_ENV: 'production',
      PORT: 'http',
      JWT_PREVIOUS_SECRET: 'short',
      BCRYPT_COST: '4',
      RATE_LIMITS: 'off',
    })
    const named = [...message.matchAll(/[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|\bPORT\b/g)].map(([name]) => name)
    expect(named.sort()).toEqual(
      'BCRYPT_COST JWT_PREVIOUS_SECRET JWT_SECRET PORT RATE_LIMITS REDIS_URL S3_BUCKET'.split(' '),
    )
  })

  test('takes an empty variable for one that is not set', () => {
    const empty = Object.fromEntries(VARIABLES.map(name => [name, '']))
    expect(readConfig(empty)).toEqual(readConfig({}))
    for (const name of ['S3_BUCKET', 'REDIS_URL', 'JWT_SECRET']) {
      expect(refusal({ ...PRODUCTION, [name]: '' })).toContain(`${name} must be set in production`)
    }
  })

  test('does not look at variables that are not its own', () => {
    expect(readConfig({ PATH: '/bin', PORTS: 'many', ['__proto__']: 'x' })).toEqual(readConfig({}))
  })

  test.each([
    ['NODE_ENV', ['prod', 'PRODUCTION', ' ']],
    ['PORT', ['http', '-1', '1.5', '65536', '0x10', '1e3', ' ', '80 ', 'Infinity', 'NaN', '9'.repeat(17)]],
    ['ADMIN_PORT', ['-1', '70000', 'none', 'OFF']],
    ['LOG_LEVEL', ['verbose', 'INFO']],
    ['DYNAMODB_ENDPOINT', ['localhost:8000', 'dynamodb', 'ftp://127.0.0.1', '127.0.0.1:8000']],
    ['TABLE_PREFIX', ['a b', 'plaza/', 'ü', 'x'.repeat(65)]],
    ['S3_ENDPOINT', ['minio:9000', 's3://bucket']],
    ['REDIS_URL', ['localhost:6379', 'http://localhost', 'redis', 'redis:cache', '//cache']],
    ['JWT_SECRET', ['short', 'x'.repeat(31)]],
    ['JWT_PREVIOUS_SECRET', ['short', 'ü'.repeat(15)]],
    [
      'CORS_ORIGINS',
      ['*', 'app.example.com', 'https://a.example.com/', 'https://*.example.com', 'ftp://a.b', 'null'],
    ],
    ['CORS_ORIGINS', ['https://a.example.com,*', 'https://a.example.com:443', 'HTTPS://a.example.com']],
    ['TRUST_PROXY', ['true', '33', 'loopback']],
    ['BCRYPT_COST', ['3', '16', 'high']],
    ['MAX_FILE_SIZE', ['0', '5GB']],
    ['USER_QUOTA_BYTES', ['-1', String(2 ** 53)]],
    ['FANOUT_MAX_FOLLOWERS', ['-1', 'none']],
    ['RATE_LIMITS', ['yes', 'true', 'ON']],
    ['REGISTRATION_MODE', ['closed', 'Open']],
    ['PUBLIC_URL', ['plaza.example.com', 'ftp://plaza.example.com', 'https://a.b/?c', 'https://a.b/#c']],
    ['MAIL_FROM', ['plaza', 'Plaza', '<>', 'Plaza <plaza>', 'a@b.example, c@d.example', 'A <a@b.example> x']],
    ['MAIL_FROM', ['A\r\nBcc: c@d.example <a@b.example>', '<c@d.example> <a@b.example>']],
    ['SES_ENDPOINT', ['127.0.0.1:8005', 'ses']],
    ['DRAIN_SECONDS', ['-1', '3601', '5s']],
  ])('refuses a wrong %s and names it', (name, values) => {
    for (const value of values) {
      const message = refusal({ [name]: value })
      expect(message).toMatch(new RegExp(`^The configuration is wrong: ${name} [^;]+\\.$`))
    }
  })

  test('tells the bounds of a number that is out of them', () => {
    expect(refusal({ PORT: '65536' })).toContain('PORT must be a whole number from 0 to 65535')
    expect(refusal({ MAX_FILE_SIZE: '0' })).toContain('MAX_FILE_SIZE must be a whole number of at least 1')
  })

  test('takes several origins, with or without spaces around them', () => {
    const { corsOrigins } = readConfig({ CORS_ORIGINS: 'https://a.example.com, http://localhost:5173,' })
    expect(corsOrigins).toEqual(['https://a.example.com', 'http://localhost:5173'])
  })

  test.each([
    'change-me-change-me-change-me-change-me',
    'my example secret that is long enough',
    `your-secret${SECRET}`,
  ])('refuses the well-known secret %j in production', secret => {
    expect(refusal({ ...PRODUCTION, JWT_SECRET: secret })).toContain('JWT_SECRET is an example')
    expect(refusal({ ...PRODUCTION, JWT_PREVIOUS_SECRET: secret })).toContain('JWT_PREVIOUS_SECRET is an')
  })

  test('never repeats a value that may be secret', () => {
    const value = fc.stringMatching(/^[a-z0-9]{10,31}$/)
    fc.assert(
      fc.property(value, fc.constantFrom(' example', 'change me', '#'), (hidden, suffix) => {
        const shown = refusal({
          ...PRODUCTION,
          JWT_SECRET: hidden,
          JWT_PREVIOUS_SECRET: hidden + suffix,
          REDIS_URL: `https://plaza:${hidden}@cache.internal`,
          DYNAMODB_ENDPOINT: `dynamo://${hidden}@database`,
        })
        expect(shown).not.toContain(hidden)
      }),
    )
  })

  test('cannot be changed once it is read', () => {
    const config = readConfig({ CORS_ORIGINS: 'https://a.example.com' })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.corsOrigins)).toBe(true)
  })

  test('is explained by .env.example, variable by variable, with nothing that production would take', () => {
    const example = exampleVariables()
    expect([...example.keys()].sort()).toEqual([...VARIABLES].sort())
    const set = Object.fromEntries([...example].filter(([, value]) => value !== ''))
    expect(() => readConfig({ ...set, NODE_ENV: 'production' })).toThrow(StartupError)
  })
})
