import type { Reply, Sent } from './exchange.ts'
import type { Described } from './openapi-checker.ts'
import { holderOf, type Learned, wordsIn } from './words.ts'

/** A request that was sent, or is to be sent again. */
export interface RequestStep {
  kind: 'request'
  operation: Described
  sent: Sent
  /** Valid by the document in every part. */
  clean: boolean
  /** What its reply has told that later requests may be made from. */
  learned: Learned[]
}

/** An operator's word, for which there is no request. */
export interface SuspensionStep {
  kind: 'suspension'
  user_id: string
}

export type Step = RequestStep | SuspensionStep

/** A token that came by mail. */
export interface Mailed {
  email: string
  /** Where its link leads. */
  page: string
  token: string
}

/** What Plaza, or a stand-in for it, is to requests that are sent to it. */
export interface Instance {
  url: string
  /** What was mailed so far, oldest first. */
  mails(): readonly Mailed[]
  /** @param userId whose account it is; from a second later on they are out */
  suspend(userId: string): Promise<void>
  close(): Promise<unknown>
}

/** Looks at a step before it is taken, and then at its reply: what is wrong with it. null: there was no reply. */
export interface Judge {
  sending(step: RequestStep): (reply: Reply | null) => string | null
  suspended(userId: string): void
}

export const textOf = ({ path, body }: Sent) => (typeof body === 'string' ? `${path} ${body}` : path)

/** There, whose session it is makes the difference. */
const OF_SESSION = /^\/auth\/(logout|password|sessions\/)/

/** All that a step is made from, and what of it the step is about rather than by whom. */
const mentions = (step: Step) => {
  if (step.kind === 'suspension') return { all: [step.user_id], about: [step.user_id] }
  const { sent } = step
  const authorization = sent.headers?.Authorization
  const by = [...wordsIn(authorization ?? ''), ...Object.values(holderOf(authorization)).map(String)]
  const about = wordsIn(textOf(sent))
  return { all: [...about, ...by], about: OF_SESSION.test(sent.path) ? [...about, ...by] : about }
}

/** By each word the step whose reply told it first. */
const originsOf = (steps: readonly Step[]) => {
  const origins = new Map<string, Step>()
  for (const step of steps) {
    const learned = step.kind === 'request' ? step.learned : []
    for (const [, word] of learned) if (!origins.has(word)) origins.set(word, step)
  }
  return origins
}

/**
 * The steps before the last that it seems to need: those that first told what it is made from, what those need in their
 * turn, and the changes to it.
 * @param changes `direct`: to what the last is about; `all`: also to what that hangs on
 * @param mailed the tokens that came by mail
 */
export const relatedTo = (
  last: Step,
  before: readonly Step[],
  mailed: ReadonlyMap<string, Mailed>,
  changes: 'none' | 'direct' | 'all',
): Step[] => {
  const origins = originsOf(before)
  const needed = new Set<string>()
  const telling = new Set<Step>()
  const withAddress = (word: string) => [word, ...wordsIn(mailed.get(word)?.email ?? '')]
  const need = (step: Step) => {
    for (const word of mentions(step).all.flatMap(withAddress)) {
      needed.add(word)
      const origin = origins.get(word)
      if (origin) telling.add(origin)
    }
  }
  /** Signing up and confirming come before any reply that tells something. */
  const signsUp = (step: Step) =>
    step.kind === 'request' && /^\/auth\/(register|email\/verify)$/.test(step.sent.path)
  const isChange = (step: Step) => step.kind === 'suspension' || step.sent.method !== 'GET'

  need(last)
  const direct = new Set(needed)
  const matters = (step: Step) => {
    if (!isChange(step) || (changes === 'none' && !signsUp(step))) return false
    const among = changes === 'direct' && !signsUp(step) ? direct : needed
    return mentions(step)
      .about.flatMap(withAddress)
      .some(word => among.has(word))
  }
  const kept: Step[] = []
  for (const step of before.toReversed()) {
    if (!telling.has(step) && !matters(step)) continue
    need(step)
    kept.push(step)
  }
  return kept.reverse()
}
