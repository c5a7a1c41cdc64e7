/** Some of a list that is read from the top, greatest id first, and whether there is more of it. */
export interface Slice<Entry extends { post_id: string }> {
  entries: readonly Entry[]
  more: boolean
}

/**
 * The first `count` of several lists read as one, each entry once. Right where every list gave its first `count`
 * entries or all that it has.
 */
export const mergeNewest = <Entry extends { post_id: string }>(
  slices: readonly Slice<Entry>[],
  count: number,
): { entries: Entry[]; more: boolean } => {
  const byId = new Map(slices.flatMap(slice => slice.entries.map(entry => [entry.post_id, entry] as const)))
  const entries = [...byId.values()].sort((a, b) => (a.post_id < b.post_id ? 1 : -1))
  return {
    entries: entries.slice(0, count),
    more: entries.length > count || slices.some(slice => slice.more),
  }
}
