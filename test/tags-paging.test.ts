import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startApp, type TestApp } from './support/app.ts'
import { as, type SeededUser, seedInto } from './support/seed.ts'
import { type TaggedPage, tagged } from './support/tagged.ts'

/** What is known of a post: its tags and whether it is public and there, now; and whether it matched throughout. */
interface Told {
  id: string
  tags: string[]
  shown: boolean
  there: boolean
  throughout: boolean
}

type Change = 'post' | 'delete' | 'hide' | 'show' | 'retag'

const tagSet = fc.subarray(['a', 'b', 'c'], { minLength: 1 })
const post = fc.record({ tags: tagSet, is_public: fc.boolean() })

const history = fc.record({
  first: fc.array(post, { minLength: 4, maxLength: 10 }),
  wanted: tagSet,
  limit: fc.integer({ min: 1, max: 3 }),
  between: fc.array(
    fc.array(
      fc.record({
        change: fc.constantFrom<Change>('post', 'delete', 'hide', 'show', 'retag'),
        which: fc.nat(100),
        tags: tagSet,
      }),
      { maxLength: 3 },
    ),
    { minLength: 1, maxLength: 4 },
  ),
})

describe('paging through tagged posts while they come, go and change', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>
  let author: SeededUser
  let histories = 0

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
    author = await seed.user('author')
  })
  afterAll(() => app.close())

  /** A model of the posts beside the service; each history has tags of its own. */
  const worldOf = (wanted: string[]) => {
    const own = `h${histories++}`
    const named = (tags: string[]) => tags.map(tag => `${own}${tag}`)
    const posts: Told[] = []
    const matches = ({ tags, shown, there }: Told) =>
      there && shown && wanted.every(tag => tags.includes(tag))

    const write = async (tags: string[], is_public: boolean, first: boolean) => {
      const { post_id } = await seed.post(author, { tags: named(tags), is_public })
      const told = { id: post_id, tags, shown: is_public, there: true, throughout: false }
      posts.push({ ...told, throughout: first && matches(told) })
    }

    const change = async (step: { change: Change; which: number; tags: string[] }) => {
      if (step.change === 'post') return write(step.tags, true, false)
      const left = posts.filter(told => told.there)
      const told = left[step.which % left.length]
      if (!told) return
      const calls = as(app, author)
      const url = `/posts/${told.id}`
      if (step.change === 'delete') {
        await calls.delete(url).expect(204)
        told.there = false
      } else if (step.change === 'retag') {
        await calls
          .patch(url)
          .send({ tags: named(step.tags) })
          .expect(200)
        told.tags = step.tags
      } else {
        told.shown = step.change === 'show'
        await calls.patch(url).send({ is_public: told.shown }).expect(200)
      }
      told.throughout &&= matches(told)
    }

    return { posts, named, matches, write, change }
  }

  test('shows all that matched throughout, in order, nothing twice and nothing that does not match', async () => {
    const property = fc.asyncProperty(history, async ({ first, wanted, limit, between }) => {
      const world = worldOf(wanted)
      for (const { tags, is_public } of first) await world.write(tags, is_public, true)
      const seen: string[] = []
      let cursor: string | null = null
      for (let turn = 0; turn === 0 || cursor !== null; turn++) {
        const page: TaggedPage = await tagged(app, world.named(wanted), { limit, cursor })
        const shown = page.posts.map(({ post_id }) => post_id)
        const matching = world.posts.filter(world.matches).map(({ id }) => id)
        expect(shown.filter(id => !matching.includes(id))).toEqual([])
        seen.push(...shown)
        cursor = page.next_cursor
        for (const step of between[turn] ?? []) await world.change(step)
      }
      expect(seen).toEqual([...new Set(seen)].sort().reverse())
      const throughout = world.posts.filter(told => told.throughout).map(({ id }) => id)
      expect(seen).toEqual(expect.arrayContaining(throughout))
    })
    await fc.assert(property, { numRuns: 20 })
  })
})
