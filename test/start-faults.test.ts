import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startInVain, startProcess, temporaryFolder } from './support/process.ts'
import { until } from './support/until.ts'

describe('what stands in the way is one sentence on stderr and exit code 1', () => {
  let data: ReturnType<typeof temporaryFolder>

  beforeEach(() => {
    data = temporaryFolder()
  })
  afterEach(() => data.remove())

  const fails = async (env: Record<string, string>, message: RegExp) => {
    const { code, stderr } = await startInVain({ DATA_DIR: data.path, ...env })
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  }

  test('wrong variables, all of them at once', () =>
    fails({ PORT: 'many', BCRYPT_COST: '99', REDIS_URL: 'nowhere' }, /PORT .*REDIS_URL .*BCRYPT_COST /s))

  test('production without what it needs', () =>
    fails({ NODE_ENV: 'production' }, /S3_BUCKET must be set.*REDIS_URL must be set.*JWT_SECRET must be set/))

  test('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await until(
      () => other.listening,
      listening => listening,
    )
    const address = other.address()
    const port = String(typeof address === 'object' ? address?.port : '')
    await fails(
      { PORT: port },
      new RegExp(
        `Cannot listen on 127.0.0.1:${port}: another program has taken it. Set PORT to another port`,
      ),
    )
    await fails(
      { ADMIN_PORT: port },
      new RegExp(
        `Cannot listen on 127.0.0.1:${port}: another program has taken it. Set ADMIN_PORT to another`,
      ),
    )
    other.close()
  })

  test('a data folder that cannot be written to', async () => {
    const file = join(data.path, 'file')
    writeFileSync(file, '')
    await fails({ DATA_DIR: join(file, 'data') }, /cannot be written to/)
  })

  test('a data folder that another process uses', async () => {
    const { child, ended } = await startProcess({ DATA_DIR: data.path })
    await fails({}, /already using/)
    child.kill('SIGTERM')
    await ended
  })

  test('a database that is not there', () =>
    fails(
      { DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' },
      /database \(http:\/\/127\.0\.0\.1:1\) does not answer/,
    ))

  test('a database without the tables', () =>
    fails(
      { DYNAMODB_ENDPOINT: process.env.TEST_DYNAMODB_ENDPOINT ?? '', TABLE_PREFIX: 'nobody-' },
      /does not have the tables: make them with `npm run tables`/,
    ))

  test('a corrupt database file, which is left as it was', async () => {
    const file = join(data.path, 'dynamodb.sqlite')
    writeFileSync(file, 'this is no database '.repeat(500))
    const before = readFileSync(file)
    await fails({}, /dynamodb\.sqlite is damaged/)
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})
