import type { Reply, Sent } from './exchange.ts'
import { type Run, rerun } from './fuzz-rerun.ts'
import { script, single } from './fuzz-script.ts'
import {
  type Instance,
  type Judge,
  type Mailed,
  type RequestStep,
  relatedTo,
  type Step,
} from './fuzz-steps.ts'
import { minimized, minimizedJson } from './minimized.ts'
import { parsed } from './parsed.ts'

/** What was found, as it was found. */
export interface Found {
  /** All that was sent before, in that order. */
  before: readonly Step[]
  last: RequestStep
  fault: string
  reply: Reply | null
  mailed: readonly Mailed[]
}

export interface Bench {
  /** An instance with nothing in it. */
  start(): Promise<Instance>
  judge(): Judge
}

/** How often it is tried, and for how long, at most. */
const TRIES = 300
const LIMIT_MS = 180_000

/** The longest sequence of those that were sent last that is tried, where what it takes cannot be told. */
const LATEST = 200

const withoutHeader = (sent: Sent, name: string): Sent => {
  const { [name]: _, ...headers } = sent.headers ?? {}
  return { ...sent, headers }
}

/** The same request with less in it, as long as it holds. */
const simplified = async (given: Sent, holds: (sent: Sent) => Promise<boolean>): Promise<Sent> => {
  let best = given
  const attempt = async (smaller: Sent) => {
    const held = await holds(smaller)
    if (held) best = smaller
    return held
  }
  const { body: _, ...bare } = best
  if (best.body !== undefined) await attempt(bare)
  for (const name of Object.keys(best.headers ?? {})) await attempt(withoutHeader(best, name))
  const [path = '', query] = best.path.split(/\?(.*)/s)
  if (query !== undefined) {
    const asking = (pairs: string[]) => (pairs.length > 0 ? `${path}?${pairs.join('&')}` : path)
    await minimized(query.split('&'), pairs => attempt({ ...best, path: asking(pairs) }))
  }
  const { body } = best
  if (typeof body !== 'string') return best
  const value = parsed(body)
  // Some of what JSON can say is lost when it is read: then it is but text.
  if (value !== undefined && (await attempt({ ...best, body: JSON.stringify(value) })))
    await minimizedJson(value, less => attempt({ ...best, body: JSON.stringify(less) }))
  else await minimized([...body], less => attempt({ ...best, body: less.join('') }))
  return best
}

/**
 * Cuts down what was found: as few requests as possible, each time on an instance with nothing in it, and as little as
 * possible in the last of them.
 * @returns commands for a shell that show it, and how it was found where it does not show again
 */
export const shrunk = async (found: Found, bench: Bench): Promise<string> => {
  const { before, last, fault, reply } = found
  const mailed = new Map(found.mailed.map(mail => [mail.token, mail]))
  const deadline = Date.now() + LIMIT_MS
  let left = TRIES
  let best: Run | undefined

  const shows = async (steps: readonly Step[]) => {
    if (left-- <= 0 || Date.now() > deadline) return false
    const run = await rerun(steps, mailed, bench)
    // Also where it shows earlier than at the last, as long as it is the same.
    const same = run?.end.fault === fault && run.end.operation === last.operation
    if (same) best = run
    return same
  }

  const related = (changes: 'none' | 'direct' | 'all') => relatedTo(last, before, mailed, changes)
  const latest = () => {
    const steps = before.slice(-LATEST)
    const needed = new Set(steps.flatMap(step => relatedTo(step, before, mailed, 'none')))
    return before.filter(step => needed.has(step) || steps.includes(step))
  }
  let sequence: readonly Step[] | undefined
  for (const some of [
    () => [],
    () => related('none'),
    () => related('direct'),
    () => related('all'),
    latest,
  ]) {
    const steps = some()
    if (await shows([...steps, last])) sequence = steps
    if (sequence) break
  }
  if (!sequence) {
    return `${fault}\nIt did not show again with one request after the other. It was:\n${single(last.sent, reply)}`
  }
  const fewer = await minimized(sequence, some => shows([...some, last]))
  const sent = await simplified(last.sent, smaller => shows([...fewer, { ...last, sent: smaller }]))
  const simple = { ...last, sent }
  // A token that made no difference took a log-in.
  if (sent !== last.sent) await minimized(fewer, some => shows([...some, simple]))
  return best ? `${fault}\n${script(best)}` : fault
}
