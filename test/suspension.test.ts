import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { rounds, testHeavy } from './support/heavy.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { type DatabaseCall, watchDatabase } from './support/watched-dynamo.ts'

const CLI = new URL('../src/suspend.ts', import.meta.url).pathname
const run = promisify(execFile)

describe('a suspended account', () => {
  let first: TestApp
  let second: TestApp
  let seed: ReturnType<typeof seedInto>
  let before: (call: DatabaseCall) => Promise<void> | void = () => {}

  beforeAll(async () => {
    first = await startApp({}, { backends: watchDatabase(call => before(call)) })
    second = await startApp(first.env)
    seed = seedInto(first)
  })
  afterAll(() => Promise.all([first.close(), second.close()]))

  /** As an operator does it, beside the running instances. */
  const suspend = async (...args: string[]) => {
    const env = {
      ...process.env,
      ...first.env,
      NODE_ENV: 'test',
      DATA_DIR: `${first.context.config.dataDir}-cli`,
    }
    const { stdout } = await run(process.execPath, [CLI, ...args], { env })
    return stdout.trim()
  }
  const tryLogin = (app: TestApp, { email, password }: SeededUser) =>
    anonymous(app).post('/auth/login').send({ email, password })
  const profile = async (app: TestApp, tokens: Pick<SeededUser, 'token'>) =>
    (await as(app, tokens).get('/users/profile')).status

  test('is out everywhere within a second, and nobody else is', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    const sessions = [ann, ...(await Promise.all(Array.from({ length: 29 }, () => login(second, ann))))]
    for (const app of [first, second]) expect(await profile(app, ann)).toBe(200)

    await first.context.accounts.suspend(ann.email)
    const doneAt = performance.now()
    await Promise.all(
      sessions.map(async session => {
        expect(await profile(first, session)).toBe(401)
        let acceptedAt = doneAt
        const look = async () => {
          const askedAt = performance.now()
          const status = await profile(second, session)
          if (status === 200) acceptedAt = askedAt
          return status
        }
        await until(look, status => status === 401)
        expect(acceptedAt - doneAt).toBeLessThan(1000)
        const { refresh_token } = session
        const { body } = await anonymous(second).post('/auth/refresh').send({ refresh_token }).expect(401)
        expect(body.code).toBe('invalid_refresh_token')
      }),
    )
    for (const app of [first, second]) {
      await tryLogin(app, ann).expect(401)
      expect(await profile(app, bob)).toBe(200)
    }
  })

  test('is answered like one with a wrong password', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await first.context.accounts.suspend(ann.user_id)
    const attempts = [ann, { ...ann, password: 'not the password' }, { ...bob, password: 'not the password' }]
    const [right, ...others] = await Promise.all(
      attempts.map(who => tryLogin(first, who).set('X-Request-Id', 'one-and-the-same').expect(401)),
    )
    expect(right?.body.code).toBe('invalid_credentials')
    for (const other of others) {
      expect(other.text).toBe(right?.text)
      expect(Object.keys(other.headers)).toStrictEqual(Object.keys(right?.headers ?? {}))
    }
  })

  test('gets no session out of a log-in that was verified just before', async () => {
    const ann = await seed.user('ann')
    let arrived = false
    let release = () => {}
    before = ({ method, tables }) => {
      if (method !== 'transact' || !tables.includes('Sessions') || !tables.includes('Credentials')) return
      arrived = true
      return new Promise(resolve => {
        release = resolve
      })
    }
    const late = tryLogin(first, ann).then(reply => reply)
    await until(
      () => arrived,
      here => here,
    )
    before = () => {}
    await second.context.accounts.suspend(ann.email)
    release()
    const { status, body } = await late
    expect([status, body.code]).toEqual([401, 'invalid_credentials'])
    const rows = await first.context.backends.dynamo.query('Sessions', {
      KeyConditionExpression: 'user_id = :user',
      ExpressionAttributeValues: { ':user': ann.user_id },
    })
    expect(rows.items).toEqual([])
  })

  test('never keeps a session, whichever is faster: logging in, changing the password or the suspension', async () => {
    for (let round = 0; round < 6; round++) {
      const ann = await seed.user('ann')
      const changed = { ...ann, password: 'the new password' }
      const change = { current_password: ann.password, new_password: changed.password }
      const [, , ...replies] = await Promise.all([
        first.context.accounts.suspend(ann.email),
        as(second, ann).post('/auth/password').send(change),
        ...Array.from({ length: 4 }, (_, at) => tryLogin(at % 2 ? first : second, ann)),
      ])
      for (const { status, body } of replies) {
        if (status !== 200) continue
        await until(
          () => profile(second, body),
          seen => seen === 401,
        )
        const { refresh_token } = body
        await anonymous(first).post('/auth/refresh').send({ refresh_token }).expect(401)
      }
      await tryLogin(first, ann).expect(401)
      await tryLogin(first, changed).expect(401)
    }
  })

  test('can log in again once that is lifted, with new sessions only', async () => {
    const ann = await seed.user('ann')
    await first.context.accounts.suspend(ann.email)
    // Done again it changes nothing.
    await second.context.accounts.suspend(ann.email)
    await tryLogin(first, ann).expect(401)
    await first.context.accounts.lift(ann.email)
    await second.context.accounts.lift(ann.email)
    const tokens = await login(second, ann)
    expect(await profile(first, tokens)).toBe(200)
    expect(await profile(first, ann)).toBe(401)
    await until(
      () => first.context.outbox.waiting(),
      waiting => waiting === 0,
    )
    expect(await profile(second, tokens)).toBe(200)
    const change = { current_password: ann.password, new_password: 'the new password' }
    await as(first, tokens).post('/auth/password').send(change).expect(204)
    await login(first, { ...ann, password: change.new_password })
  })

  test('is one by an operator’s word, by address or id, and the running instances act on it', async () => {
    const ann = await seed.user('ann')
    expect(await suspend(ann.email.toUpperCase())).toBe(`suspended ${ann.user_id}`)
    for (const app of [first, second]) {
      await until(
        () => profile(app, ann),
        status => status === 401,
      )
      await tryLogin(app, ann).expect(401)
    }
    expect(await suspend(ann.user_id, '--lift')).toBe(`active ${ann.user_id}`)
    await login(first, ann)
  }, 60_000)

  testHeavy(
    'is nobody whom an operator misspelled',
    async () => {
      const who = ['nobody@example.com', '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60', ''].slice(0, rounds(3, 1))
      for (const args of [...who.map(name => [name]), ['a', 'b'], ['a', '--drop']]) {
        await expect(suspend(...args)).rejects.toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/^(There is no such|Error: Name one account|TypeError.*'--drop')/),
          stdout: '',
        })
      }
    },
    60_000,
  )

  test('is out also where whoever suspended it did not live to end its sessions', async () => {
    let dead = false
    let bury = () => {}
    const grave = new Promise<never>((_, reject) => {
      bury = () => reject(new Error('this process is dead'))
    })
    const dying = await startApp(first.env, {
      backends: watchDatabase(({ method, tables }) => {
        if (dead && method !== 'transact' && tables.includes('Sessions')) return grave
      }),
      outbox: { leaseMs: 300, longestMs: 1, pollMs: 600_000 },
    })
    const ann = await seed.user('ann')
    dead = true
    const suspending = dying.context.accounts.suspend(ann.email).catch(() => {})
    await until(
      () => profile(second, ann),
      status => status === 401,
    )
    await tryLogin(first, ann).expect(401)
    bury()
    await suspending
    await dying.close()
  })
})
