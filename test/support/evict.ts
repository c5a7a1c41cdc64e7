import type { TestApp } from './app.ts'
import { until } from './until.ts'

const GONE = 'gone in a moment'

/**
 * Makes the cache let go of what it holds about some keys (`post:{id}`, `user:{id}`), as it might by itself at any
 * time. What was written a moment ago is not cached for a while: after this the next read fills the cache.
 */
export const evict = async (app: TestApp, ...keys: string[]) => {
  const { keyValue } = app.context.backends
  await until(
    async () => {
      const entries = await keyValue.getMany(keys)
      const standing = keys.filter((_, at) => entries[at] !== null && entries[at] !== GONE)
      await Promise.all(standing.map(key => keyValue.set(key, GONE, 1)))
      return entries
    },
    entries => entries.every(entry => entry === null),
  )
}
