import { withoutDeadline } from '../../lib/deadline.ts'
import { newId } from '../../lib/ids.ts'
import type { Dynamo } from '../dynamo/dynamo.ts'
import type { Write } from '../dynamo/write.ts'
import type { Logger } from '../logger.ts'
import { createOutage } from '../outage.ts'
import type { JobHandler, JobKind, JobRow } from './job.ts'
import { createOutboxStore } from './outbox-store.ts'

/**
 * What must happen after a write is recorded in the write's own transaction and done from that record (the
 * "transactional outbox" pattern). The instance that wrote it holds the first lease and begins at once; when it
 * dies, its lease runs out and whichever instance is alive takes over. At least once, so handlers are idempotent.
 */
export interface Outbox {
  /**
   * Says how a kind of job is done, before `start`. Several may have something to do with one kind: each does its
   * part, in this order, and all of them again when one failed.
   */
  on<Payload>(kind: JobKind<Payload>, handler: JobHandler<Payload>): void
  /** The record, as a write for the transaction of what it follows. */
  entry<Payload>(kind: JobKind<Payload>, payload: Payload): Write
  /** A job for later, in ms from now, and its id, by which it can be taken back. */
  later<Payload>(kind: JobKind<Payload>, payload: Payload, delayMs: number): { jobId: string; write: Write }
  /** Takes back a job for later that has not begun, as a write. */
  cancel(jobId: string): Write
  /** Begins to look for jobs that others left behind. */
  start(): void
  /** Takes nothing new and waits for what is running here. */
  stop(): Promise<void>
  /** Jobs not done yet but for those that are for later (exact up to 1,000), for metrics and tests. */
  waiting(): Promise<number>
  /** The same without those that are not due yet, and for how long the oldest of them has been due, in ms. */
  backlog(): Promise<{ waiting: number; oldestMs: number }>
  /** Jobs given up after MAX_ATTEMPTS, oldest first, at most 100. */
  dead(): Promise<JobRow[]>
}

export interface OutboxOptions {
  dynamo: Dynamo
  logger: Logger
  /** How long after its last sign of life others may take over the job that an instance holds, in ms. */
  leaseMs?: number
  /** How long one instance may work on a job before it is left to others as if it had died, in ms. */
  longestMs?: number
  pollMs?: number
  /** The pause before the second try, in ms; it doubles with every further one, up to 5 minutes. */
  retryMs?: number
  /** 25 tries take about an hour and a half: longer than a cache may be away and than its records live. */
  maxAttempts?: number
}

const BATCH = 10
/** Jobs at once here, past which new ones are left to whichever instance looks for work first. */
const MOST_RUNNING = 100
const LONGEST_PAUSE = 300_000

const describe = (error: unknown) => String(error instanceof Error ? error.message : error).slice(0, 300)

export const createOutbox = (options: OutboxOptions): Outbox => {
  const { dynamo, logger, leaseMs = 30_000, longestMs = 900_000 } = options
  const { pollMs = 1000, retryMs = 1000, maxAttempts = 25 } = options
  const store = createOutboxStore(dynamo)
  const outage = createOutage(logger, 'reading the outbox')
  const handlers = new Map<string, ((job: JobRow) => Promise<void>)[]>()
  const running = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let polling: Promise<void> | undefined
  let stopped = false

  const failed = async (job: JobRow, error: unknown) => {
    const about = { job_id: job.job_id, kind: job.kind, attempts: job.attempts, err: error }
    if (job.attempts >= maxAttempts) {
      if (await store.bury(job, describe(error))) logger.error(about, 'outbox job given up')
      return
    }
    logger.warn(about, 'outbox job failed, will be tried again')
    const pause = Math.min(LONGEST_PAUSE, retryMs * 2 ** (job.attempts - 1))
    await store.retryAt(job, Date.now() + pause * (0.5 + Math.random() / 2), describe(error))
  }

  /** While somebody works on a job its lease is renewed: only when they die does it run out. */
  const keeping = async (job: JobRow, work: () => Promise<void>) => {
    const begun = Date.now()
    const renewal = setInterval(() => {
      if (Date.now() - begun > longestMs) return clearInterval(renewal)
      store.renew(job, Date.now() + leaseMs).catch(error => {
        logger.warn({ job_id: job.job_id, err: error }, 'outbox lease not renewed')
      })
    }, leaseMs / 3).unref()
    try {
      await work()
    } finally {
      clearInterval(renewal)
    }
  }

  const attempt = async (job: JobRow) => {
    try {
      // Nobody lived to say how the last try ended: the job itself may be what ends whoever does it.
      if (job.attempts > maxAttempts) throw new Error('its last try did not come to an end')
      const known = handlers.get(job.kind)
      if (!known) throw new Error(`nobody here knows jobs of kind ${job.kind}`)
      await keeping(job, async () => {
        for (const handle of known) await handle(job)
      })
    } catch (error) {
      return failed(job, error)
    }
    await store.done(job)
  }

  /** Runs beside everything else. What goes wrong with the record itself mends when the lease runs out. */
  const run = (job: JobRow) => {
    const work = withoutDeadline(() => attempt(job))
      .catch(error => logger.warn({ job_id: job.job_id, err: error }, 'outbox record not updated'))
      .finally(() => running.delete(work))
    running.add(work)
  }

  /** How many jobs it has taken over. */
  const takeOver = async () => {
    let taken = 0
    for (const job of await store.due(Date.now(), BATCH)) {
      if (stopped) break
      const lease = newId()
      const due_at = Date.now() + leaseMs
      if (!(await store.claim(job, lease, due_at))) continue
      run({ ...job, lease, due_at, attempts: job.attempts + 1 })
      taken++
    }
    return taken
  }

  const poll = async () => {
    let taken = 0
    // One round at a time: a process that is behind with its jobs does not claim more of them.
    if (running.size < BATCH) {
      await takeOver().then(count => {
        taken = count
        outage.worked()
      }, outage.failed)
    }
    // Where so many were due there are more.
    schedule(taken < BATCH ? pollMs : pollMs / 10)
  }

  const schedule = (pause: number) => {
    if (stopped) return
    timer = setTimeout(
      () => {
        polling = poll()
      },
      pause * (0.75 + Math.random() / 2),
    ).unref()
  }

  const newJob = (kind: string, payload: unknown, attempts: number, dueInMs: number): JobRow => {
    const now = Date.now()
    return {
      job_id: newId(),
      kind,
      payload,
      attempts,
      due_at: now + dueInMs,
      lease: newId(),
      wanted_at: attempts === 0 ? now + dueInMs : now,
    }
  }

  /** Jobs in work and those that wait for another try are due by then. */
  const soon = () => Date.now() + Math.max(leaseMs, LONGEST_PAUSE)

  return {
    on: (kind, handler) => {
      const handle = (job: JobRow) =>
        handler(kind.payload.parse(job.payload), {
          async checkpoint(payload) {
            job.payload = payload
            if (!(await store.checkpoint(job, payload, Date.now() + leaseMs)))
              throw new Error('somebody else has taken the job over')
          },
        })
      handlers.set(kind.kind, [...(handlers.get(kind.kind) ?? []), handle])
    },

    entry(kind, payload) {
      if (running.size >= MOST_RUNNING) return store.recording(newJob(kind.kind, payload, 0, 0))
      const job = newJob(kind.kind, payload, 1, leaseMs)
      // Whether or not somebody else sees the record first, the lease is ours: no claim is needed.
      return store.recording(job, committed => {
        if (committed && !stopped) run(job)
      })
    },

    later(kind, payload, delayMs) {
      const job = newJob(kind.kind, payload, 0, delayMs)
      return { jobId: job.job_id, write: store.recording(job) }
    },

    cancel: store.cancelling,
    start: () => schedule(pollMs),

    async stop() {
      stopped = true
      clearTimeout(timer)
      // What is being taken over at this moment is about to run.
      await polling
      while (running.size > 0) await Promise.all(running)
    },

    waiting: () => store.waiting(soon(), 250),
    async backlog() {
      const jobs = await store.due(soon(), 250)
      const ages = jobs.map(job => Date.now() - job.wanted_at).filter(age => age >= 0)
      return { waiting: ages.length, oldestMs: Math.max(0, ...ages) }
    },
    dead: () => store.dead(100),
  }
}
