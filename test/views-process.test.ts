import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { describeHeavy } from './support/heavy.ts'
import { type PlazaProcess, startProcess, temporaryFolder } from './support/process.ts'
import { seedInto } from './support/seed.ts'
import { until } from './support/until.ts'
import { addresses, BEHIND_PROXY, recordedViews, view, viewsOf } from './support/views.ts'

/** Another process on the data of an app, that records its views as often as any. */
const beside = async (app: TestApp) => {
  const data = temporaryFolder()
  const plaza = await startProcess({ ...app.env, DATA_DIR: data.path })
  const end = async (signal: NodeJS.Signals) => {
    plaza.child.kill(signal)
    const ended = await plaza.ended
    data.remove()
    return ended
  }
  return { there: { ...app, url: plaza.url }, plaza, end }
}

describe('a process that counts views', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp(BEHIND_PROXY)
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  test('leaves none behind when it is asked to stop', async () => {
    const ann = await seed.user('ann')
    const posts = await Promise.all(Array.from({ length: 30 }, () => seed.post(ann)))
    const { there, end } = await beside(app)
    try {
      for (const [at, post] of posts.entries())
        await Promise.all(addresses(3, at * 3).map(address => view(there, address, post)))
    } finally {
      expect(await end('SIGTERM')).toBe(0)
    }
    expect(await Promise.all(posts.map(post => recordedViews(app, post)))).toEqual(posts.map(() => 3))
  })
})

describeHeavy('a process that is killed', () => {
  let app: TestApp
  let plaza: PlazaProcess | undefined

  beforeAll(async () => {
    app = await startApp(BEHIND_PROXY)
  })
  afterAll(async () => {
    plaza?.child.kill('SIGKILL')
    await app.close()
  })

  test('loses what it counted since its last flush at most, and nobody sees the number go down', async () => {
    const seed = seedInto(app)
    const ann = await seed.user('ann')
    const post = await seed.post(ann)
    let viewers = 0
    for (let time = 0; time < 3; time++) {
      const { there, end, plaza: started } = await beside(app)
      plaza = started
      const more = () => view(there, addresses(1, viewers++).join(), post)
      const before = await recordedViews(app, post)
      for (let n = 0; n < 20; n++) await more()
      const safe = await until(
        () => recordedViews(app, post),
        seen => seen >= before + 20,
        20_000,
      )
      for (let n = 0; n < 10; n++) await more()
      const shown = await viewsOf(app, post)
      expect(shown).toBe(viewers)
      expect(await end('SIGKILL')).toBe('SIGKILL')
      const recorded = await recordedViews(app, post)
      expect(recorded).toBeGreaterThanOrEqual(safe)
      expect(recorded).toBeLessThanOrEqual(viewers)
      // The cache has been told of each of them, also where its posts are read anew.
      await evict(app, `post:${post.post_id}`)
      expect(await viewsOf(app, post)).toBe(shown)
    }
  }, 120_000)
})
