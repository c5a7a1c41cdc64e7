import type { z } from 'zod'

/** A kind of work that follows a write: its name, what it carries, and how that is checked when it is read back. */
export interface JobKind<Payload> {
  kind: string
  payload: z.ZodType<Payload>
}

export const jobKind = <Payload>(kind: string, payload: z.ZodType<Payload>): JobKind<Payload> => ({
  kind,
  payload,
})

/** What a long job needs of the outbox while it is under way. */
interface JobInWork<Payload> {
  /**
   * Records how far the work has got: whoever takes the job over begins with this payload. Throws when somebody else
   * has taken it over already.
   */
  checkpoint(payload: Payload): Promise<void>
}

/** Must be idempotent: a job is done at least once, and again when whoever did it died before saying so. */
export type JobHandler<Payload> = (payload: Payload, job: JobInWork<Payload>) => Promise<void>

/** A job as it lies in the table. Times are Unix milliseconds. */
export interface JobRow {
  job_id: string
  kind: string
  payload: unknown
  /** How often it was begun. */
  attempts: number
  /** While somebody works on it: when the lease ends. Otherwise: when it may be tried again. */
  due_at: number
  /** Who holds it; changes with every claim, so that a late finisher cannot undo what a later one did. */
  lease: string
  /** When it was to be begun first: at once, or later. */
  wanted_at: number
  last_error?: string
}
