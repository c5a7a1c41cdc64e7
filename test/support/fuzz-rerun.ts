import { setTimeout as sleep } from 'node:timers/promises'
import { exchange, type Reply, type Sent } from './exchange.ts'
import { SUSPENDED_AFTER_MS } from './fuzz-judge.ts'
import { type Instance, type Judge, type Mailed, type RequestStep, type Step, textOf } from './fuzz-steps.ts'
import { parsed } from './parsed.ts'
import { until } from './until.ts'
import { learnedFrom, withWords, wordsIn } from './words.ts'

/** Steps as they were taken on another instance, up to the first with a fault. */
export interface Run {
  steps: Step[]
  /** The tokens of mails that were used. */
  mailed: Mailed[]
  end: { operation: RequestStep['operation']; fault: string; reply: Reply | null }
}

/** null when the other side closed the connection, or there was none. */
export const ask = (url: string, sent: Sent): Promise<Reply | null> => exchange(url, sent).catch(() => null)

/** What a successful reply tells. */
export const learnt = (reply: Reply | null) => {
  if (reply === null || reply.status >= 300) return []
  return learnedFrom(parsed(reply.text))
}

/** How long a mail is waited for that may not come. */
const MAIL_MS = 3000

/**
 * Takes steps again on an instance with nothing in it, one after the other. What its replies tell takes the place of
 * what those of the first time told.
 * @param mailed the tokens that came by mail the first time
 * @returns null when there is no fault to be seen
 */
export const rerun = async (
  steps: readonly Step[],
  mailed: ReadonlyMap<string, Mailed>,
  { start, judge: createJudge }: { start(): Promise<Instance>; judge(): Judge },
): Promise<Run | null> => {
  const instance = await start()
  const judge = createJudge()
  const now = new Map<string, string>()
  const taken: Step[] = []
  const opened: Mailed[] = []

  const translated = (text: string) => withWords(text, word => now.get(word) ?? word)

  const openMails = async (text: string) => {
    for (const word of wordsIn(text)) {
      const mail = mailed.get(word)
      const asked = taken.some(
        step => step.kind === 'request' && textOf(step.sent).includes(mail?.email ?? ''),
      )
      if (!mail || !asked || now.has(word)) continue
      const same = () => instance.mails().findLast(one => one.email === mail.email && one.page === mail.page)
      const mailedNow = await until(same, one => one !== undefined, MAIL_MS).catch(() => undefined)
      if (!mailedNow) continue
      now.set(word, mailedNow.token)
      opened.push(mailedNow)
    }
  }

  const take = async (step: Step): Promise<Run['end'] | null> => {
    if (step.kind === 'suspension') {
      const user_id = translated(step.user_id)
      await instance.suspend(user_id)
      judge.suspended(user_id)
      await sleep(SUSPENDED_AFTER_MS)
      taken.push({ ...step, user_id })
      return null
    }
    const { path, headers = {}, body } = step.sent
    await openMails(textOf(step.sent))
    const sent: Sent = {
      ...step.sent,
      path: translated(path),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, translated(value)])),
      ...(body !== undefined && { body: typeof body === 'string' ? translated(body) : body }),
    }
    const decide = judge.sending({ ...step, sent })
    const reply = await ask(instance.url, sent)
    const learned = learnt(reply)
    const before = new Map(step.learned)
    for (const [place, word] of learned) {
      const then = before.get(place)
      if (then !== undefined) now.set(then, word)
    }
    taken.push({ ...step, sent, learned })
    const fault = decide(reply)
    return fault === null ? null : { operation: step.operation, fault, reply }
  }

  try {
    for (const step of steps) {
      const end = await take(step)
      if (end) return { steps: taken, mailed: opened, end }
    }
    return null
  } finally {
    await instance.close()
  }
}
