import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { intersect, type TagReader } from '../src/posts/tag-intersection.ts'

const idOf = (n: number) => String(n).padStart(6, '0')

/** Tags with their posts, from very rare to nearly all. */
const world = fc.array(
  fc.oneof(
    fc.uniqueArray(fc.nat(300), { maxLength: 5 }),
    fc.uniqueArray(fc.nat(300), { maxLength: 40 }),
    fc.nat(20).map(step => Array.from({ length: 300 }, (_, n) => n).filter(n => n % (step + 1) === 0)),
  ),
  { minLength: 1, maxLength: 4 },
)

/** Reads from what is in memory as the table would be read, and counts. */
const reading = (tags: Map<string, string[]>) => {
  const seen = { queries: 0, rows: 0 }
  const read: TagReader = async (tag, below, limit) => {
    const all = (tags.get(tag) ?? []).filter(id => below === undefined || id < below)
    seen.queries++
    seen.rows += Math.min(limit, all.length)
    return { postIds: all.slice(0, limit), more: all.length > limit }
  }
  return { seen, read }
}

const tagsOf = (ids: number[][]) =>
  new Map(ids.map((numbers, at) => [`tag${at}`, numbers.map(idOf).sort().reverse()]))

const naive = ([first = [], ...others]: string[][]) =>
  first.filter(id => others.every(ids => ids.includes(id)))

describe('the leapfrog intersection', () => {
  test('finds, page by page, what looking at everything finds, and never takes more queries than it may', async () => {
    const options = { limit: fc.integer({ min: 1, max: 7 }), batch: fc.integer({ min: 1, max: 9 }) }
    const property = fc.asyncProperty(
      world,
      fc.record({ ...options, mostQueries: fc.integer({ min: 4, max: 12 }) }),
      async (ids, { limit, batch, mostQueries }) => {
        const tags = tagsOf(ids)
        const { seen, read } = reading(tags)
        const found: string[] = []
        let below: string | undefined
        for (;;) {
          const before = seen.queries
          const page = await intersect([...tags.keys()], read, { limit, batch, mostQueries, below })
          expect(seen.queries - before).toBeLessThanOrEqual(mostQueries)
          expect(page.postIds.length).toBeLessThanOrEqual(limit)
          found.push(...page.postIds)
          if (page.below === null) break
          // Every page comes further, or the list would never end.
          expect(below === undefined || page.below < below).toBe(true)
          below = page.below
        }
        expect(found).toEqual(naive([...tags.values()]))
      },
    )
    await fc.assert(property, { numRuns: 500 })
  })

  test('reads next to nothing of a tag that all posts have beside one that few have', async () => {
    const all = Array.from({ length: 100_000 }, (_, n) => n)
    const { seen, read } = reading(tagsOf([all, [99_999, 60_000, 40_000, 3]]))
    const { postIds, below } = await intersect(['tag0', 'tag1'], read, { limit: 20, below: undefined })
    expect(postIds).toEqual([99_999, 60_000, 40_000, 3].map(idOf))
    expect(below).toBeNull()
    expect(seen.queries).toBeLessThanOrEqual(6)
    expect(seen.rows).toBeLessThanOrEqual(200)
  })

  test('stops after its queries where no post has both tags, and tells where to go on', async () => {
    const all = Array.from({ length: 10_000 }, (_, n) => n)
    const [even, odd] = [all.filter(n => n % 2 === 0), all.filter(n => n % 2 === 1)]
    const { seen, read } = reading(tagsOf([even, odd]))
    const { postIds, below } = await intersect(['tag0', 'tag1'], read, { limit: 20, below: undefined })
    expect(postIds).toEqual([])
    expect(seen.queries).toBeGreaterThan(20)
    expect(seen.queries).toBeLessThanOrEqual(30)
    expect(below).not.toBeNull()
  })

  test('takes one query for a page of one tag, also where it is the last', async () => {
    const { seen, read } = reading(tagsOf([[1, 2, 3, 4]]))
    const first = await intersect(['tag0'], read, { limit: 2, below: undefined })
    expect(first.postIds).toEqual([4, 3].map(idOf))
    const last = await intersect(['tag0'], read, { limit: 2, below: first.below ?? '' })
    expect(last).toEqual({ postIds: [2, 1].map(idOf), below: null })
    expect(seen.queries).toBe(2)
  })
})
