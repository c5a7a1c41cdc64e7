import { exchange, type Reply, type Sent } from './exchange.ts'

/** What is not there. */
export const ABSENT = ''

/**
 * Something that the service keeps, and what it may be by now: one value where every write of it was answered, several
 * where the process died before it could say. Each is written by one person alone, one write after the other.
 */
export interface Thing {
  name: string
  may: Set<string>
  /** What its person is shown of it; null where the post that it hangs on cannot be seen. */
  look(): Promise<string | null>
}

/** Somebody with an account, and what is known of their session. */
export interface Person {
  user_id: string
  email: string
  password: string
  /** Null when nobody knows whether it is still good. */
  token: string | null
  refresh_token: string | null
  profile: Thing
}

export interface KnownPost {
  thing: Thing
  author: Person
  /** Null while it is not known, the answer being lost. */
  id: string | null
  /** Nobody has ever asked for it to be hidden or deleted: then everybody sees it. */
  safe: boolean
  /** How often somebody has tried to view it. */
  views: number
}

export interface KnownComment {
  thing: Thing
  author: Person
  post: KnownPost
  /** Of what it replies to, which may be a tombstone by now. */
  parent_id: string | null
  id: string | null
}

export interface KnownFile {
  thing: Thing
  owner: Person
  id: string | null
  bytes: Uint8Array
}

export interface World {
  /** Where the process answers at present. */
  url: string
  people: Person[]
  posts: KnownPost[]
  comments: KnownComment[]
  files: KnownFile[]
  /** Likes, shares, edges, accounts: whatever has no more to it than what it is. */
  relations: Map<string, Thing>
  /** Written to since the last look. */
  touched: Set<Thing>
  /** Tokens of sessions whose end was acknowledged. */
  ended: string[]
  /** What must not have happened. */
  faults: string[]
  /** How often there was which outcome. */
  outcomes: Record<'acknowledged' | 'unknown' | 'refused', number>
  /** How much has been made: for names that nothing else has. */
  made: number
}

export const newWorld = (): World => ({
  ...{ url: '', people: [], posts: [], comments: [], files: [], relations: new Map(), touched: new Set() },
  ...{ ended: [], faults: [], outcomes: { acknowledged: 0, unknown: 0, refused: 0 }, made: 0 },
})

/** Sends as somebody; null where the connection died. */
export const send = async ({ url }: World, who: Person | null, sent: Sent): Promise<Reply | null> => {
  const own = who?.token ? { Authorization: `Bearer ${who.token}` } : {}
  try {
    return await exchange(url, { ...sent, headers: { ...own, ...sent.headers } })
  } catch {
    return null
  }
}

/** A request with a JSON body. */
export const json = (method: string, path: string, body: object): Sent => ({
  method,
  path,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

/** What an answer says of the write: without one, or with a failure, nobody knows. */
const outcomeOf = (reply: Reply | null) => {
  if (reply === null || reply.status >= 500) return 'unknown'
  return reply.status < 400 ? 'acknowledged' : 'refused'
}

/**
 * What a refusal means: the thing is gone already, or is what it was before, or this must not have been refused.
 * `either`: what it hangs on went while the answer was made, before the write or after it.
 */
export type Refusal = 'gone' | 'same' | 'either' | 'fault'

/** Writes `next` to a thing, and notes what it may be from then on: while the answer is out it may be either. */
export const write = async (
  world: World,
  thing: Thing,
  next: string,
  sending: () => Promise<Reply | null>,
  refused: (status: number, before: ReadonlySet<string>) => Refusal,
): Promise<Reply | null> => {
  const before = new Set(thing.may)
  thing.may.add(next)
  world.touched.add(thing)
  const reply = await sending()
  const outcome = outcomeOf(reply)
  world.outcomes[outcome]++
  if (outcome === 'acknowledged') thing.may = new Set([next])
  if (outcome === 'refused' && reply) {
    const refusal = refused(reply.status, before)
    if (refusal !== 'either') thing.may = refusal === 'gone' ? new Set([ABSENT]) : before
    if (refusal === 'fault') world.faults.push(`${thing.name} := ${next}: ${reply.status} ${reply.text}`)
  }
  return reply
}

/** Of what is one's own: it can only be gone because one has asked for that and never got the answer. */
export const ownGone = (status: number, before: ReadonlySet<string>): Refusal =>
  status === 404 && before.has(ABSENT) ? 'gone' : 'fault'
