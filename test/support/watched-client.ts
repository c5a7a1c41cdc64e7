import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { TestApp } from './app.ts'
import { exchange } from './exchange.ts'
import type { Heard } from './heard.ts'
import type { SeededUser } from './seed.ts'

/** Between two requests, and after one that was refused. Milliseconds. */
const THINKING = 10
const REFUSED = 100

/** Somebody who does one thing after another, over and over. */
export interface WatchedClient {
  /** How many of the latest answers in a row were not 503, and when the first of them came. */
  streak(): { length: number; since: number }
  stop(): Promise<void>
  /** Asks for all that was acknowledged, when everything works again. */
  settle(): Promise<void>
}

/** How such a client asks. */
export interface Asking {
  /**
   * Sends JSON as the user. Null when it was refused with 503, which says nothing of whether it was done.
   * @throws when there was no answer, which has been taken down as a fault
   */
  ask(
    what: string,
    method: string,
    path: string,
    body?: object,
    // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  ): Promise<{ status: number; body: any } | null>
  /** Takes down what does not hold. */
  check(what: string, holds: boolean, seen: unknown): void
  /** Tells of an answer that came another way. */
  heard(refused: boolean): Promise<void>
}

/** Runs `round` again and again until it is stopped; `settle` looks at everything once more. */
export const watchedClient = (
  app: TestApp,
  user: SeededUser,
  heard: Heard,
  make: (asking: Asking) => { round: (() => Promise<void>)[]; settle(): Promise<void> },
): WatchedClient => {
  let streak = { length: 0, since: performance.now() }
  let stopped = false

  const asking: Asking = {
    async heard(refused) {
      if (refused) streak = { length: 0, since: Number.POSITIVE_INFINITY }
      else streak = { length: streak.length + 1, since: Math.min(streak.since, performance.now()) }
      await pause(refused ? REFUSED : THINKING)
    },

    async ask(what, method, path, body) {
      const headers = {
        Authorization: `Bearer ${user.token}`,
        ...(body && { 'Content-Type': 'application/json' }),
      }
      const begun = performance.now()
      const sent = { method, path, headers, ...(body && { body: JSON.stringify(body) }) }
      const reply = await heard.waitFor(what, exchange(app.url, sent))
      const answered = heard.answered(what, reply, performance.now() - begun)
      await asking.heard(!answered)
      return answered
        ? { status: reply.status, body: reply.text === '' ? null : JSON.parse(reply.text) }
        : null
    },

    check(what, holds, seen) {
      if (!holds) heard.fault(`${user.name}: ${what}`, seen)
    },
  }

  const { round, settle } = make(asking)
  const work = async () => {
    for (let at = 0; !stopped; at++) {
      // What there was no answer to has been taken down.
      await round[at % round.length]?.().catch(() => pause(REFUSED))
    }
  }
  const done = work()
  return {
    streak: () => streak,
    async stop() {
      stopped = true
      await done
    },
    settle,
  }
}

/** A text that nobody else writes. */
export const words = () => randomUUID()
