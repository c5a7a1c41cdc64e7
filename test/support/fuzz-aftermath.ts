import fc from 'fast-check'
import type { Send } from './fuzz-seeding.ts'
import type { Call } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import type { SeededUser } from './seed.ts'

interface Parts {
  send: Send
  operations: readonly Described[]
  validCall(operation: Described): fc.Arbitrary<Call>
}

const names = (template: string) => [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** What the path of a request said, by the names in its template. */
const said = (template: string, path: string): Record<string, string> => {
  const written = path.replace(/\?.*$/, '').split('/')
  const parts = template.split('/').map((part, at) => [part, written[at] ?? ''] as const)
  return Object.fromEntries(
    parts.flatMap(([part, value]) => (part.startsWith('{') ? [[part.slice(1, -1), value]] : [])),
  )
}

/** Whatever can still be asked of what its owner has just deleted: by a valid request to every operation that takes its id. */
export const createAftermath = ({ send, operations, validCall }: Parts) => {
  let deletions = 0

  return async ({ token }: SeededUser, deleted: string, path: string) => {
    const known: Record<string, string> = { part_number: '1', ...said(deleted, path) }
    const subject = names(deleted).at(-1) ?? ''
    const after = operations.filter(({ template }) => {
      const asked = names(template)
      return asked.includes(subject) && asked.every(name => known[name] !== undefined)
    })
    const seed = deletions++
    for (const operation of after) {
      const [call] = fc.sample(validCall(operation), { numRuns: 1, seed })
      await send({
        operation,
        clean: false,
        sent: {
          method: operation.method,
          path: operation.template.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? ''),
          headers: { ...call?.headers, Authorization: `Bearer ${token}` },
          ...(call?.body !== undefined && { body: call.body }),
        },
      })
    }
  }
}

export type Aftermath = ReturnType<typeof createAftermath>
