import { setTimeout as sleep } from 'node:timers/promises'
import type { Outbox } from '../outbox/outbox.ts'

interface Backlog {
  /** Jobs that are due and not done, those in work included; exact up to 1,000. */
  waiting: number
  /** For how long the oldest of them has been due, in ms. */
  oldestMs: number
  /** Jobs that were given up; exact up to 100. */
  dead: number
}

export interface BacklogWatch {
  /** Null while the database does not answer. */
  look(): Promise<Backlog | null>
}

/** A look reads up to 1,000 jobs: however many ask, there is no more than one in so long. */
const REUSE_MS = 10_000
/** Whoever scrapes has a limit of their own, 10 s as a rule, and wants the other figures all the same. */
const LOOK_LIMIT_MS = 2_000

/** How far the outbox is behind, for those who ask again and again. */
export const createBacklogWatch = (outbox: Pick<Outbox, 'backlog' | 'dead'>): BacklogWatch => {
  let latest: Promise<Backlog | null> | undefined
  let askedAt = Number.NEGATIVE_INFINITY

  const ask = async () => {
    try {
      const [backlog, dead] = await Promise.all([outbox.backlog(), outbox.dead()])
      return { ...backlog, dead: dead.length }
    } catch {
      // The outbox itself has logged that the database is away.
      return null
    }
  }

  return {
    look() {
      if (!latest || performance.now() - askedAt > REUSE_MS) {
        askedAt = performance.now()
        latest = Promise.race([ask(), sleep(LOOK_LIMIT_MS, null, { ref: false })])
      }
      return latest
    },
  }
}
