import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { freePort } from '../src/infra/embedded/dynamodb.ts'
import { testHeavy } from './support/heavy.ts'
import { type PlazaProcess, startProcess, startUnread, temporaryFolder } from './support/process.ts'
import { until } from './support/until.ts'

const ann = { email: 'ann@example.com', password: 'correct horse battery staple', name: 'Ann' }

const childrenOf = (pid: number | undefined) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number)

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('starting on nothing but defaults', () => {
  let data: ReturnType<typeof temporaryFolder>
  let running: PlazaProcess[]

  const start = async (env: Record<string, string> = {}) => {
    const plaza = await startProcess({ DATA_DIR: data.path, ...env })
    running.push(plaza)
    return plaza
  }

  beforeEach(() => {
    data = temporaryFolder()
    running = []
  })
  afterEach(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGKILL')
      await ended
    }
    data.remove()
  })

  test('tells a person where it is, what it runs on and where the data lies', async () => {
    const plaza = await start()
    await until(plaza.stdout, text => text.includes(`Data       ${data.path}`))
    expect(plaza.stdout()).toContain(`API        ${plaza.url}`)
    expect(plaza.stdout()).toMatch(/DynamoDB {3}embedded/)
    await request(plaza.url).get('/ready').expect(200)
  })

  test('users, sessions and posts survive kill -9 of the process and of its children', async () => {
    const first = await start()
    await request(first.url).post('/auth/register').send(ann).expect(201)
    const { email, password } = ann
    const { body } = await request(first.url).post('/auth/login').send({ email, password }).expect(200)
    const bearer = { Authorization: `Bearer ${body.token}` }
    const posted = await request(first.url)
      .post('/posts')
      .set(bearer)
      .send({ content: 'Still here' })
      .expect(201)

    const children = childrenOf(first.child.pid)
    expect(children).toHaveLength(2)
    first.child.kill('SIGKILL')
    for (const pid of children) if (alive(pid)) process.kill(pid, 'SIGKILL')
    await first.ended

    const second = await start()
    await request(second.url).get(`/posts/${posted.body.post.post_id}`).expect(200)
    const { body: profile } = await request(second.url).get('/users/profile').set(bearer).expect(200)
    expect(profile.user).toMatchObject({ email, posts_count: 1 })
    await request(second.url).post('/auth/refresh').send({ refresh_token: body.refresh_token }).expect(200)
  })

  testHeavy('serves although nobody reads its log, and still stops in order', async () => {
    const port = await freePort()
    const plaza = startUnread({ DATA_DIR: data.path, PORT: String(port) })
    running.push(plaza)
    await until(
      () =>
        request(plaza.url)
          .get('/ready')
          .then(
            reply => reply.status,
            () => 0,
          ),
      status => status === 200,
    )
    plaza.child.kill('SIGTERM')
    expect(await plaza.ended).toBe(0)
  })

  testHeavy('no child outlives it, however it ends', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const plaza = await start()
      const children = childrenOf(plaza.child.pid)
      plaza.child.kill(signal)
      expect(await plaza.ended).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL')
      await until(
        () => children.filter(alive),
        left => left.length === 0,
      )
    }
  })

  testHeavy('says that it is not ready while its database is down, and brings it back', async () => {
    const plaza = await start()
    const ready = async () => (await request(plaza.url).get('/ready')).status
    const database = childrenOf(plaza.child.pid).find(pid =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dynoxide'),
    )
    // Frozen first, so that it is away for long enough to be seen.
    process.kill(Number(database), 'SIGSTOP')
    await until(ready, status => status === 503)
    process.kill(Number(database), 'SIGKILL')
    await until(ready, status => status === 200)
    await request(plaza.url).post('/auth/register').send(ann).expect(201)
  })

  test('runs with an in-process cache where there is no redis-server, and says so', async () => {
    const plaza = await start({ PATH: dirname(process.execPath) })
    expect(plaza.stdout()).toContain('there is no redis-server in PATH')
    const { body } = await request(plaza.url).get('/ready').expect(200)
    expect(body.checks.redis.status).toBe('off')
    await request(plaza.url).post('/auth/register').send(ann).expect(201)
  })
})
