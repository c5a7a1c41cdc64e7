import { expect, test } from '@jest/globals'
import { createFeedSources } from '../src/feed/feed-sources.ts'
import type { FeedHead, FeedRow } from '../src/feed/feed-store.ts'
import { currentLook, withPatience } from '../src/lib/deadline.ts'

const READER = { user_id: 'reader', session_id: 'session' }
const AUTHOR = 'author'

/** Posts of the author, newest first, from one number down to another. */
const rowsDown = (from: number, to: number): FeedRow[] =>
  Array.from({ length: from - to + 1 }, (_, at) => ({
    post_id: `p${String(from - at).padStart(3, '0')}`,
    author_id: AUTHOR,
  }))

test('rows that are trimmed while a page is read are read from the lists of their authors', async () => {
  const head: FeedHead = { pulled: [], horizon: '0', rows: rowsDown(100, 41), more: true }
  let trimmed = false
  const sources = createFeedSources({
    store: {
      // As a copy of the cache at its slowest: what has changed shows to who looks anew.
      async heads() {
        const look = currentLook()
        const seen = look !== undefined && look.at > Number.NEGATIVE_INFINITY
        if (look) look.at = performance.now()
        return new Map([[READER.user_id, trimmed && !seen ? { ...head, horizon: 'p040' } : head]])
      },
      async rows() {
        trimmed = true
        return { rows: [], more: false }
      },
    },
    follows: {
      inOrder: async () => ({
        edges: [{ follower_id: READER.user_id, followee_id: AUTHOR, follow_id: 'edge' }],
        more: false,
      }),
    },
    posts: {
      async idsBy(_viewer, userId, limit, after = '~') {
        const older = rowsDown(100, 1).filter(row => userId === AUTHOR && row.post_id < after)
        return { postIds: older.slice(0, limit).map(row => row.post_id), more: older.length > limit }
      },
    },
  })
  const page = await withPatience(() => sources.next(READER, 'p041', 5), true)
  expect(page.entries).toEqual(rowsDown(40, 36))
})
