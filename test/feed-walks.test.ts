import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startApp, type TestApp } from './support/app.ts'
import { walkFeed } from './support/feed.ts'
import { createHistory, steps } from './support/feed-history.ts'
import { rounds } from './support/heavy.ts'
import { seedInto } from './support/seed.ts'

const RUNS = rounds(25, 2)

const WAYS = [
  { name: 'written out to followers', env: {}, parts: {} },
  { name: 'read from authors with many followers', env: { FANOUT_MAX_FOLLOWERS: '0' }, parts: {} },
  { name: 'mostly past the rows that are kept', env: {}, parts: { keptRows: 5 } },
  { name: 'both', env: { FANOUT_MAX_FOLLOWERS: '0' }, parts: { keptRows: 5 } },
]

describe.each(WAYS)('walking a feed of posts that are $name, while others write', ({ env, parts }) => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp(env, parts)
  })
  afterAll(() => app.close())

  test(
    'shows everything that is there throughout once, in order, and nothing that never is',
    async () => {
      const story = fc.asyncProperty(
        steps(30),
        steps(30),
        fc.integer({ min: 1, max: 7 }),
        async (before, meanwhile, limit) => {
          const seed = seedInto(app)
          const history = await createHistory(app, await seed.users('reader', 'a', 'b', 'c', 'd'))
          for (const step of before) await history.take(step)

          const whole = history.watch()
          const writing = (async () => {
            for (const step of meanwhile) await history.take(step)
          })()
          let written = false
          void writing.finally(() => {
            written = true
          })
          for (let walks = 0; walks < 2 || !written; walks++) {
            const watched = history.watch()
            const walked = (await walkFeed(app, history.reader, limit)).flat()
            const { throughout, never } = watched()
            expect(walked).toEqual([...new Set(walked)].sort().reverse())
            expect(throughout.filter(id => !walked.includes(id))).toEqual([])
            expect(walked.filter(never)).toEqual([])
          }
          await writing
          expect((await walkFeed(app, history.reader, limit)).flat()).toEqual(history.visible())
          expect(whole().throughout.filter(id => !history.visible().includes(id))).toEqual([])
        },
      )
      await fc.assert(story, { numRuns: RUNS, endOnFailure: !process.env.CI })
    },
    RUNS * 15_000,
  )
})
