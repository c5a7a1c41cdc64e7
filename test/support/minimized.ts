/**
 * Delta debugging: the shortest list found that still holds, by leaving out ever smaller stretches of it.
 * @param holds whether a list that lacks something shows the same
 */
export const minimized = async <T>(
  list: readonly T[],
  holds: (shorter: T[]) => Promise<boolean>,
): Promise<T[]> => {
  let best = [...list]
  if (best.length === 0 || (await holds([]))) return []
  for (let size = Math.ceil(best.length / 2); ; size = Math.ceil(size / 2)) {
    const before = best.length
    for (let at = 0; at < best.length; ) {
      const shorter = best.toSpliced(at, size)
      if (shorter.length > 0 && (await holds(shorter))) best = shorter
      else at += size
    }
    if (size === 1 && best.length === before) return best
  }
}

/** The smallest JSON value found that still holds: fields, elements and characters are left out. */
export const minimizedJson = async (
  value: unknown,
  holds: (smaller: unknown) => Promise<boolean>,
): Promise<unknown> => {
  if (typeof value === 'string') return (await minimized([...value], less => holds(less.join('')))).join('')
  if (Array.isArray(value)) {
    const items: unknown[] = await minimized(value, holds)
    for (const at of items.keys())
      items[at] = await minimizedJson(items[at], one => holds(items.with(at, one)))
    return items
  }
  if (typeof value !== 'object' || value === null) return value
  const fields = await minimized(Object.entries(value), less => holds(Object.fromEntries(less)))
  for (const [at, [name, field]] of fields.entries()) {
    const smaller = (one: unknown) => Object.fromEntries(fields.with(at, [name, one]))
    fields[at] = [name, await minimizedJson(field, one => holds(smaller(one)))]
  }
  return Object.fromEntries(fields)
}
