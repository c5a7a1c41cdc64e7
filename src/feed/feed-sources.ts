import pLimit from 'p-limit'
import type { FollowService } from '../follows/follow-service.ts'
import type { Viewer } from '../http/viewer.ts'
import { lookAnew } from '../lib/deadline.ts'
import { mergeNewest, type Slice } from '../lib/merge.ts'
import type { PostService } from '../posts/post-service.ts'
import { EVERYTHING, type FeedHead, type FeedRow, type FeedStore } from './feed-store.ts'

/** What may belong on a page of a feed, newest first: not yet looked at, and perhaps hidden by now. */
type Candidates = Slice<FeedRow>

export interface FeedSources {
  /** The next `count` posts that are older than `before` (undefined: the newest). */
  next(viewer: Viewer, before: string | undefined, count: number): Promise<Candidates>
}

interface Parts {
  store: Pick<FeedStore, 'heads' | 'rows'>
  follows: Pick<FollowService, 'inOrder'>
  posts: Pick<PostService, 'idsBy'>
}

/** Lists of authors that are read at the same time, where there is no way around reading them all. */
const AT_ONCE = 16
/** Edges that are read at once then. */
const EDGES = 250

/** Just after an id, in the order of ids. */
const after = (id: string) => `${id}~`

export const createFeedSources = ({ store, follows, posts }: Parts): FeedSources => {
  const headOf = async (readerId: string): Promise<FeedHead> =>
    (await store.heads([readerId])).get(readerId) ?? {
      pulled: [],
      horizon: EVERYTHING,
      rows: [],
      more: false,
    }

  const ofAuthor = async (viewer: Viewer, author_id: string, before: string | undefined, count: number) => {
    const { postIds, more } = await posts.idsBy(viewer, author_id, count, before)
    return { entries: postIds.map(post_id => ({ post_id, author_id })), more }
  }

  /** What was written out to the reader, and from when on that is all of it. */
  const written = async (readerId: string, head: FeedHead, before: string | undefined, count: number) => {
    const here = head.rows.filter(row => before === undefined || row.post_id < before)
    if (here.length >= count || !head.more) {
      const more = head.more || here.length > count
      return { entries: here.slice(0, count), more, horizon: head.horizon }
    }
    const { rows, more } = await store.rows(readerId, before, count)
    // Asked again after the rows were read: the oldest may have been taken away meanwhile.
    lookAnew()
    const { horizon } = await headOf(readerId)
    return { entries: rows, more, horizon }
  }

  /** Past what is written out: from the lists of everybody whom the reader follows. It costs a read for each. */
  const older = async (viewer: Viewer, before: string, count: number): Promise<Candidates> => {
    const limit = pLimit(AT_ONCE)
    let found: Candidates = await ofAuthor(viewer, viewer.user_id, before, count)
    let from: string | undefined
    for (let more = true; more; ) {
      const page = await follows.inOrder(viewer.user_id, 'following', EDGES, from)
      const lists = page.edges.map(edge => limit(() => ofAuthor(viewer, edge.followee_id, before, count)))
      found = mergeNewest([found, ...(await Promise.all(lists))], count)
      from = page.edges.at(-1)?.followee_id
      more = page.more
    }
    return found
  }

  return {
    async next(viewer, before, count) {
      const self = viewer.user_id
      // The authors to be pulled are known before the rows are read: one who is none any more by then has their rows.
      const head = await headOf(self)
      const [rows, ...lists] = await Promise.all([
        written(self, head, before, count),
        ...[self, ...head.pulled].map(author => ofAuthor(viewer, author, before, count)),
      ])
      const { horizon } = rows
      const complete = [rows, ...lists].map(slice => {
        const entries = slice.entries.filter(entry => entry.post_id > horizon)
        return { entries, more: slice.more && entries.length === slice.entries.length }
      })
      const recent = mergeNewest(complete, count)
      if (recent.more || horizon === EVERYTHING) return recent
      const missing = count - recent.entries.length
      if (missing === 0) return { ...recent, more: true }
      const edge = after(horizon)
      const rest = await older(viewer, before !== undefined && before < edge ? before : edge, missing)
      return { entries: [...recent.entries, ...rest.entries], more: rest.more }
    },
  }
}
