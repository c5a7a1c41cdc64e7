import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startApp, type TestApp } from './support/app.ts'
import { comment, type SeededComment, threadPage, urlOf } from './support/comments.ts'
import { anonymous, as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'

/** The model of a comment: what it is now, and whether it was there from the beginning to the end. */
interface Told {
  comment: SeededComment
  parent: Told | null
  first: boolean
  gone: boolean
  deleted: boolean
  replies: number
}

type Change = 'say' | 'reply' | 'delete' | 'like'

/** What others do before each further page is read; `which` picks the comment that it is done to. */
const history = fc.record({
  first: fc.array(fc.nat(20), { minLength: 3, maxLength: 10 }),
  level: fc.nat(20),
  limit: fc.integer({ min: 1, max: 4 }),
  order: fc.constantFrom('asc' as const, 'desc' as const),
  between: fc.array(
    fc.array(
      fc.record({
        change: fc.constantFrom<Change>('say', 'reply', 'reply', 'delete', 'delete', 'like'),
        which: fc.nat(100),
      }),
      { maxLength: 3 },
    ),
    { minLength: 1, maxLength: 5 },
  ),
})

describe('paging through comments while others write', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let people: SeededUser[]

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    people = await seed.users('ann', 'bob', 'cleo')
  })
  afterAll(() => app.close())

  const by = (at: number) => people[at % people.length] as SeededUser

  /** What is said to a post, and beside it the model of that. */
  const conversation = (post: SeededPost) => {
    const all: Told[] = []
    const authorOf = ({ comment }: Told) =>
      people.find(({ user_id }) => user_id === comment.user_id) as SeededUser

    const say = async (parent: Told | null, first: boolean) => {
      const said = await comment(app, by(all.length), post, `comment ${all.length}`, parent?.comment)
      if (parent) parent.replies++
      all.push({ comment: said, parent, first, gone: false, deleted: false, replies: 0 })
    }

    const erase = async (told: Told) => {
      await as(app, authorOf(told)).delete(urlOf(told.comment)).expect(204)
      told.deleted = true
      if (told.replies > 0) return
      told.gone = true
      if (told.parent) told.parent.replies--
    }

    return {
      all,
      say,
      async change(change: Change, which: number) {
        const living = all.filter(({ gone, deleted }) => !gone && !deleted)
        const told = living[which % living.length]
        if (change === 'say' || !told) return say(null, false)
        if (change === 'reply') return say(told, false)
        if (change === 'delete') return erase(told)
        await as(app, by(which))
          .put(`${urlOf(told.comment)}/like`)
          .expect(200)
      },
    }
  }

  /** Holds a page, at the very moment at which it was read, against the model: each is there and told as it is. */
  const expectTrue = (page: SeededComment[], all: Told[], parent: Told | null) => {
    for (const shown of page) {
      const told = all.find(one => one.comment.comment_id === shown.comment_id)
      expect(told).toMatchObject({ gone: false, deleted: shown.deleted, replies: shown.replies_count })
      expect(told?.parent).toBe(parent)
      expect(shown.content).toBe(shown.deleted ? '' : told?.comment.content)
    }
  }

  /** A post with comments, of which the first few reply to one of those before them, or to the post. */
  const begun = async (first: number[], level: number) => {
    const post = await seed.post(by(0))
    const { all, say, change } = conversation(post)
    for (const pick of first) await say(all[pick] ?? null, true)
    const parents = [null, ...all.filter(({ replies }) => replies > 0)]
    return { all, change, post, parent: parents[level % parents.length] ?? null }
  }

  test('shows all that was there throughout, in order, and nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ first, level, limit, order, between }) => {
        const { post, parent, all, change } = await begun(first, level)
        const filter = { order, limit, ...(parent && { parent_comment_id: parent.comment.comment_id }) }
        const seen: string[] = []
        let cursor: string | null = null
        for (let turn = 0; turn === 0 || cursor !== null; turn++) {
          const page = await threadPage(app, null, post, { ...filter, ...(cursor && { cursor }) })
          expect(page.comments.length).toBeLessThanOrEqual(limit)
          expectTrue(page.comments, all, parent)
          seen.push(...page.comments.map(({ comment_id }) => comment_id))
          cursor = page.next_cursor
          for (const step of between[turn] ?? []) await change(step.change, step.which)
        }
        const sorted = [...new Set(seen)].sort()
        expect(seen).toEqual(order === 'asc' ? sorted : sorted.reverse())
        const throughout = all.filter(told => told.first && !told.gone && told.parent === parent)
        expect(seen).toEqual(expect.arrayContaining(throughout.map(told => told.comment.comment_id)))
        const { body } = await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
        expect(body.post.comments_count).toBe(all.filter(({ deleted }) => !deleted).length)
      }),
      { numRuns: Number(process.env.FUZZ_HISTORIES ?? 25) },
    )
  })
})
