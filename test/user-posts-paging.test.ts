import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startApp, type TestApp } from './support/app.ts'
import { rounds } from './support/heavy.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { page } from './support/walk.ts'

/** What is known of a post: whether it is there, and public, now; was from the beginning; was ever turned. */
interface Told {
  id: string
  there: boolean
  shown: boolean
  first: boolean
  turned: boolean
}

type Change = 'post' | 'post privately' | 'delete' | 'hide' | 'show'

/** What the author does before each further page is read; `which` picks the post that it is done to. */
const history = fc.record({
  first: fc.array(fc.boolean(), { minLength: 3, maxLength: 9 }),
  limit: fc.integer({ min: 1, max: 4 }),
  asAuthor: fc.boolean(),
  between: fc.array(
    fc.array(
      fc.record({
        change: fc.constantFrom<Change>('post', 'post privately', 'delete', 'delete', 'hide', 'show'),
        which: fc.nat(100),
      }),
      { maxLength: 3 },
    ),
    { minLength: 1, maxLength: 4 },
  ),
})

describe('paging through posts while they come and go', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let stranger: SeededUser

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    stranger = await seed.user('stranger')
  })
  afterAll(() => app.close())

  /** An author with posts, and for each what it has been so far. */
  const authorWith = async (first: boolean[]) => {
    const author = await seed.user('author')
    const posts: Told[] = []
    const write = async (is_public: boolean, first: boolean) => {
      const { post_id } = await seed.post(author, { is_public })
      posts.push({ id: post_id, shown: is_public, there: true, first, turned: false })
    }
    for (const is_public of first) await write(is_public, true)

    const turn = async (post: Told, is_public: boolean) => {
      await as(app, author).patch(`/posts/${post.id}`).send({ is_public }).expect(200)
      post.turned ||= post.shown !== is_public
      post.shown = is_public
    }

    return {
      author,
      posts,
      async change(change: Change, which: number) {
        if (change === 'post' || change === 'post privately') return write(change === 'post', false)
        const left = posts.filter(post => post.there)
        const post = left[which % left.length]
        if (!post) return
        if (change !== 'delete') return turn(post, change === 'show')
        await as(app, author).delete(`/posts/${post.id}`).expect(204)
        post.there = false
      },
    }
  }

  test('shows all that was there throughout, in order, and nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ first, limit, asAuthor, between }) => {
        const { author, posts, change } = await authorWith(first)
        const viewer = asAuthor ? author : stranger
        const maySee = (post: Told | undefined) => post?.there && (asAuthor || post.shown)
        const seen: string[] = []
        let cursor: string | null = null
        for (let turn = 0; turn === 0 || cursor !== null; turn++) {
          const read = await page(app, viewer, author, { limit, cursor })
          const shown = read.posts.map(({ post_id }) => post_id)
          expect(shown.length).toBeLessThanOrEqual(limit)
          // At this very moment: what is read is there, and may be seen.
          expect(shown.filter(shownId => !maySee(posts.find(({ id }) => id === shownId)))).toEqual([])
          seen.push(...shown)
          cursor = read.next_cursor
          for (const step of between[turn] ?? []) await change(step.change, step.which)
        }
        expect(seen).toEqual([...new Set(seen)].sort().reverse())
        const throughout = posts.filter(post => post.first && maySee(post) && (asAuthor || !post.turned))
        expect(seen).toEqual(expect.arrayContaining(throughout.map(({ id }) => id)))
      }),
      { numRuns: rounds(20, 6) },
    )
  })

  test('goes on after a post that has gone or is hidden, from exactly where it stood', async () => {
    const { author, posts } = await authorWith([true, true, true, true, true, true])
    const newest = posts.map(({ id }) => id).reverse()
    for (const spoil of ['delete', 'hide'] as const) {
      const first = await page(app, stranger, author, { limit: 2 })
      const [, last] = first.posts
      if (spoil === 'delete') await as(app, author).delete(`/posts/${last?.post_id}`).expect(204)
      else await as(app, author).patch(`/posts/${last?.post_id}`).send({ is_public: false }).expect(200)
      const rest = await page(app, stranger, author, { limit: 100, cursor: first.next_cursor })
      const from = newest.indexOf(last?.post_id ?? '') + 1
      expect(rest.posts.map(post => post.post_id)).toEqual(newest.slice(from))
    }
  })
})
