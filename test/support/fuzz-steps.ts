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

/** All that a step is made from, and what of it the step is about rather than by whom. */
const mentions = (step: Step) => {
  if (step.kind === 'suspension') return { all: [step.user_id], about: [step.user_id] }
  const { sent } = step
  const authorization = sent.headers?.Authorization
  const by = [...wordsIn(authorization ?? ''), ...Object.values(holderOf(authorization)).map(String)]
  const about = wordsIn(textOf(sent))
  // There, whose session it is makes the difference.
  return { all: [...about, ...by], about: sent.path.startsWith('/auth/') ? [...about, ...by] : about }
}

/**
 * The steps before the last that it seems to need: those that told what it is made from, and the changes to that.
 * @param mailed the tokens that came by mail
 */
export const relatedTo = (last: Step, before: readonly Step[], mailed: ReadonlyMap<string, Mailed>) => {
  const needed = new Set<string>()
  const need = (words: readonly string[]) => {
    for (const word of words) {
      needed.add(word)
      for (const part of wordsIn(mailed.get(word)?.email ?? '')) needed.add(part)
    }
  }
  const speaksOf = (words: readonly string[]) =>
    words.some(
      word => needed.has(word) || wordsIn(mailed.get(word)?.email ?? '').some(part => needed.has(part)),
    )
  need(mentions(last).all)
  const kept: Step[] = []
  for (const step of before.toReversed()) {
    const { all, about } = mentions(step)
    const told = step.kind === 'request' && step.learned.some(([, word]) => needed.has(word))
    const reads = step.kind === 'request' && step.sent.method === 'GET'
    if (!told && (reads || !speaksOf(about))) continue
    need(all)
    kept.push(step)
  }
  return kept.reverse()
}
