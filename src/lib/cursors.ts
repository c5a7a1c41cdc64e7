import { Problem } from './errors.ts'
import type { Seal } from './seal.ts'

/**
 * Opaque positions in a list. A cursor is good only for the list it was made for: `list` names the route and
 * every filter, and is part of the signature. Cursors do not expire.
 */
export interface Cursors {
  /** `after` is the sort key of the last item shown; null means that nothing is left. */
  write(list: string, after: string | null): string | null
  /** The sort key to go on after; undefined for a first page. Throws 400 `invalid_cursor`. */
  read(list: string, cursor: string | undefined): string | undefined
}

export const createCursors = (seal: Seal): Cursors => ({
  write: (list, after) => (after === null ? null : seal.seal(Buffer.from(after), list)),

  read(list, cursor) {
    if (cursor === undefined) return undefined
    const after = seal.open(cursor, list)
    if (!after)
      throw new Problem(400, 'invalid_cursor', 'Invalid cursor', 'This cursor is not from this list.')
    return after.toString()
  },
})
