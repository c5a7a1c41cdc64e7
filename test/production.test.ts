import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { type PlazaProcess, startProcess } from './support/process.ts'

const withRedis = process.env.TEST_REDIS_URL === undefined ? describe.skip : describe

withRedis('in production', () => {
  const environment = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    DYNAMODB_ENDPOINT: process.env.TEST_DYNAMODB_ENDPOINT ?? '',
    REDIS_URL: process.env.TEST_REDIS_URL ?? '',
    S3_BUCKET: 'plaza-test',
    // Nobody is there: the service starts all the same and tells the truth.
    S3_ENDPOINT: 'http://127.0.0.1:1',
    JWT_SECRET: randomBytes(48).toString('base64url'),
    TABLE_PREFIX: `t${randomBytes(6).toString('hex')}-`,
    DRAIN_SECONDS: '0',
  }
  let plaza: PlazaProcess

  /** `npm run tables`, as an operator runs it before the first start. */
  const createTables = async () => {
    const script = new URL('../src/create-tables.ts', import.meta.url).pathname
    const env = { ...process.env, ...environment, LOG_LEVEL: 'silent' }
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env })
    return stdout.trim().split('\n')
  }

  beforeAll(async () => {
    await createTables()
    plaza = await startProcess(environment)
  })
  afterAll(async () => {
    plaza.child.kill('SIGKILL')
    await plaza.ended
  })

  test('the tables can be made again and are named one a line', async () => {
    expect(await createTables()).toContain(`${environment.TABLE_PREFIX}Users`)
  })

  test('it serves on nothing embedded and prints nothing but JSON lines', async () => {
    const { body } = await request(plaza.url).get('/ready').expect(503)
    expect(body).toMatchObject({
      status: 'unavailable',
      checks: { dynamodb: { status: 'ok' }, redis: { status: 'ok' }, storage: { status: 'down' } },
    })
    // Nobody is promised a mail that nobody can send.
    await request(plaza.url).post('/auth/password/forgot').send({ email: 'ann@example.com' }).expect(404)
    const { body: document } = await request(plaza.url).get('/openapi.json').expect(200)
    expect(Object.keys(document.paths)).not.toContain('/auth/password/forgot')
    const ann = { email: 'ann@example.com', password: 'a long enough password', name: 'Ann' }
    await request(plaza.url).post('/auth/register').send(ann).expect(201)
    plaza.child.kill('SIGTERM')
    expect(await plaza.ended).toBe(0)
    for (const line of plaza.stdout().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  })
})
