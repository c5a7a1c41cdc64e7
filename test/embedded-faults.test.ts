import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { createClient } from 'redis'
import { createPlaza } from '../client/plaza.ts'
import { describeWithRedis } from './contracts/key-value.ts'
import { startApp } from './support/app.ts'
import { embeddedChildren } from './support/embedded-children.ts'
import { describeHeavy } from './support/heavy.ts'
import { ok } from './support/ok.ts'
import { type Seen, tellOutage } from './support/outage-story.ts'
import { startProcess, temporaryFolder } from './support/process.ts'
import { until } from './support/until.ts'
import { watchedAuthor } from './support/watched-author.ts'
import { watchedUploader } from './support/watched-uploader.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const EMBEDDED = { DYNAMODB_ENDPOINT: '', REDIS_URL: '' }

const startEmbedded = async (dataDir: string) => {
  const app = await startApp({ ...EMBEDDED, DATA_DIR: dataDir })
  undo.push(app.close)
  return { app, children: embeddedChildren(dataDir) }
}

const folder = () => {
  const { path, remove } = temporaryFolder()
  undo.push(remove)
  return path
}

/** What the embedded Redis holds. */
const keptIn = async (dataDir: string) => {
  const client = createClient({ socket: { path: join(dataDir, 'redis', 'redis.sock'), tls: false } })
  await client.connect()
  try {
    const keys = await client.keys('*')
    const values = await Promise.all(keys.map(key => client.get(key)))
    return values.filter(value => value !== null)
  } finally {
    client.destroy()
  }
}

const databaseIsDown = async ({ ready, answers }: Seen) => {
  expect(await until(ready, ({ dynamodb }) => dynamodb === 'down')).toMatchObject({
    http: 503,
    storage: 'ok',
  })
  await answers(40)
}
const redisIsAway = async ({ ready, answers }: Seen) => {
  expect(await until(ready, ({ redis }) => redis === 'degraded')).toMatchObject({ http: 200, dynamodb: 'ok' })
  await answers(60)
}

describeWithRedis('an embedded backend', () => {
  test('that is killed is started again: nothing that was acknowledged is lost', async () => {
    const { app, children } = await startEmbedded(folder())
    const before = { dynamodb: children.dynamodb(), redis: children.redis() }
    await tellOutage({
      app,
      begin() {
        process.kill(before.dynamodb, 'SIGKILL')
        process.kill(before.redis, 'SIGKILL')
      },
      // What is killed is away for as long as it takes to start.
      during: ({ metric }) =>
        until(
          () => metric('plaza_backend_errors_total', { backend: 'dynamodb' }),
          errors => errors > 0,
        ).then(() => {}),
      end: () => {},
    })
    expect(children.dynamodb()).not.toBe(before.dynamodb)
    expect(children.redis()).not.toBe(before.redis)
  })
})

describeHeavy('an embedded backend that is stopped and goes on', () => {
  const tell = async (name: 'dynamodb' | 'redis', during: (seen: Seen) => Promise<void>) => {
    const { app, children } = await startEmbedded(folder())
    const pid = children[name]()
    undo.push(() => process.kill(pid, 'SIGCONT'))
    const heard = await tellOutage({
      app,
      begin: () => process.kill(pid, 'SIGSTOP'),
      during,
      end: () => process.kill(pid, 'SIGCONT'),
      ...(name === 'redis' && { refused: [] }),
    })
    expect(children[name]()).toBe(pid)
    return heard
  }

  test('the database: refused in time', () => tell('dynamodb', databaseIsDown).then(() => {}))
  test('Redis: missed by nobody', () => tell('redis', redisIsAway).then(() => {}))
})

describeHeavy('a process that dies', () => {
  test('while its Redis has not heard of a write leaves nothing old to the next one', async () => {
    const env = { ...EMBEDDED, DATA_DIR: folder() }
    const start = async () => {
      const plaza = await startProcess(env)
      const kill = async () => {
        plaza.child.kill('SIGKILL')
        await plaza.ended
      }
      undo.push(kill)
      return { ...plaza, kill }
    }

    const first = await start()
    const api = createPlaza(first.url)
    const account = { email: 'ada@example.com', password: "Ada's own password" }
    await ok(api.POST('/auth/register', { body: { ...account, name: 'Ada' } }))
    const { token } = await ok(api.POST('/auth/login', { body: account }))
    const nameAt = async (url: string) => (await ok(createPlaza(url, token).GET('/users/profile'))).user.name
    const write = (name: string) =>
      ok(createPlaza(first.url, token).PATCH('/users/profile', { body: { name } }))
    await write('Ada as she was')
    // For some seconds after a write nothing is kept.
    await until(
      () => nameAt(first.url).then(() => keptIn(env.DATA_DIR)),
      kept => kept.some(value => value.includes('Ada as she was')),
    )
    process.kill(embeddedChildren(env.DATA_DIR).redis(), 'SIGSTOP')
    await write('Ada as she is')
    await first.kill()

    expect(await nameAt((await start()).url)).toBe('Ada as she is')
  })
})

/** A file system of its own that is soon full, or null with a line that says why there is none. */
const smallDisk = (megabytes: number): string | null => {
  const path = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' })
  } catch (error) {
    process.stderr.write(
      `a small disk cannot be mounted here (${error}): what happens on a full one is not told\n`,
    )
    return null
  }
  undo.push(() => execFileSync('umount', [path]))
  return path
}

/** Takes all the room that there is, and gives it back. */
const ballast = (disk: string) => {
  const path = join(disk, 'ballast')
  return {
    fill() {
      const fd = openSync(path, 'w')
      try {
        for (const size of [1 << 20, 1 << 12])
          for (let full = false; !full; ) {
            try {
              full = writeSync(fd, Buffer.alloc(size)) < size
            } catch {
              full = true
            }
          }
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      const { bavail } = statfsSync(disk)
      expect(bavail).toBeLessThan(4)
    },
    remove: () => rmSync(path),
  }
}

describeHeavy('a disk that is full', () => {
  test('takes nothing and loses nothing: what is there can be read, and all works when there is room', async () => {
    const disk = smallDisk(64)
    if (disk === null) return
    const { app } = await startEmbedded(join(disk, 'data'))
    const { fill, remove } = ballast(disk)
    const heard = await tellOutage({
      app,
      begin: fill,
      async during({ answers, metric }) {
        await until(
          () => metric('plaza_backend_errors_total', { backend: 'dynamodb' }),
          errors => errors > 0,
        )
        await answers(100)
      },
      end: remove,
      // A download is counted, and a log-in makes a session. What only reads goes on.
      refused: ['write', 'change', 'remove', 'rename', 'login', 'upload', 'remove a file', 'download'],
      clients: ([ann, bob, ...others], heard) => [
        ...others.map(user => watchedUploader(app, user, heard)),
        ...[ann, bob].flatMap(user => (user ? [watchedAuthor(app, user, heard)] : [])),
      ],
    })
    expect(heard.refused()).toBeGreaterThan(0)
  })
})
