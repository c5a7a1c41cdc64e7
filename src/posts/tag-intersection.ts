/** Ids of the posts with a tag, newest first, of those that sort before `below`. */
export type TagReader = (
  tag: string,
  below: string | undefined,
  limit: number,
) => Promise<{ postIds: string[]; more: boolean }>

interface Options {
  /** How many ids are wanted. */
  limit: number
  /** Only ids that sort before this. */
  below: string | undefined
  /** Ids that one query brings; some 40 rows are one read unit. */
  batch?: number
  /** Queries after which it stops with what it has. */
  mostQueries?: number
}

interface Matches {
  /** Newest first. */
  postIds: string[]
  /** Everything from here on up has been looked at: to go on, ask for what is below. Null when nothing is left. */
  below: string | null
}

const BATCH = 40
const MOST_QUERIES = 30

/** What has been read of one tag and not been passed yet. */
interface Stream {
  tag: string
  ids: string[]
  /** Whether there is more than `ids` further down. */
  more: boolean
}

/** Sorts right after the id, before any other. */
const justAbove = (id: string) => `${id}~`

/** The oldest of the newest: no newer id can be in all of them. */
const lowest = (ids: readonly string[]) => ids.reduce((low, id) => (id < low ? id : low))

/**
 * The ids that all of the tags have, newest first, by a leapfrog join (Veldhuizen, "Leapfrog Triejoin", ICDT 2014): each
 * tag's ids are sorted, so all of them can leap to the smallest head, and what lies between is never read. A page of
 * one tag is one query. Of several tags it costs at most `mostQueries`, however rare the posts with all of them are;
 * then it may hold fewer than `limit`, and yet not be the last.
 */
export const intersect = async (
  tags: readonly string[],
  read: TagReader,
  { limit, below: from, batch = BATCH, mostQueries = MOST_QUERIES }: Options,
): Promise<Matches> => {
  const size = tags.length === 1 ? limit : batch
  const streams: Stream[] = tags.map(tag => ({ tag, ids: [], more: true }))
  const postIds: string[] = []
  let below = from
  let queries = 0

  const pass = (stream: Stream) => {
    const at = stream.ids.findIndex(id => below === undefined || id < below)
    stream.ids = at < 0 ? [] : stream.ids.slice(at)
  }

  const refill = async (stream: Stream) => {
    if (stream.ids.length > 0 || !stream.more) return
    queries++
    const page = await read(stream.tag, below, size)
    stream.ids = page.postIds
    stream.more = page.more
  }

  while (postIds.length < limit && queries + tags.length <= mostQueries) {
    await Promise.all(streams.map(refill))
    const heads = streams.flatMap(({ ids: [head] }) => head ?? [])
    if (heads.length < streams.length) return { postIds, below: null }
    const low = lowest(heads)
    const matched = heads.every(head => head === low)
    if (matched) postIds.push(low)
    below = matched ? low : justAbove(low)
    streams.forEach(pass)
  }
  // A tag that has come to its end tells that nothing is left, without another page.
  const ended = streams.some(({ ids, more }) => ids.length === 0 && !more)
  return { postIds, below: ended ? null : (below ?? null) }
}
