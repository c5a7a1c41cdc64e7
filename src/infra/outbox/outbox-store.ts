import type { Dynamo } from '../dynamo/dynamo.ts'
import type { TableSpec } from '../dynamo/tables.ts'
import { held, type Write } from '../dynamo/write.ts'
import type { JobRow } from './job.ts'

export const outboxTable: TableSpec = {
  name: 'Outbox',
  partitionKey: 'job_id',
  globalIndexes: [{ name: 'DueIndex', partitionKey: 'queue', sortKey: 'due_at' }],
  numbers: ['due_at'],
}

/** The index's partitions: each takes 1,000 writes a second (DynamoDB's limit for one partition). */
const QUEUES = ['0', '1', '2', '3'] as const
const DEAD = 'dead'

const queueOf = (jobId: string) => QUEUES[Number.parseInt(jobId.slice(-1), 16) % QUEUES.length] ?? QUEUES[0]

export const createOutboxStore = (dynamo: Dynamo) => {
  const alive = (queue: string, dueBefore: number, limit: number) =>
    dynamo.query<JobRow>(outboxTable.name, {
      IndexName: 'DueIndex',
      KeyConditionExpression: 'queue = :queue AND due_at <= :due',
      ExpressionAttributeValues: { ':queue': queue, ':due': dueBefore },
      Limit: limit,
    })

  /** An update of a job that whoever holds `lease` may make; false when the lease has gone to somebody else. */
  const change = (job: JobRow, expression: string, values: Record<string, unknown>) =>
    held(
      dynamo.update(outboxTable.name, {
        Key: { job_id: job.job_id },
        UpdateExpression: expression,
        ConditionExpression: 'lease = :mine',
        ExpressionAttributeValues: { ...values, ':mine': job.lease },
      }),
    )

  return {
    /** The write that records a job, for the transaction of the write that it follows. */
    recording: (job: JobRow, settled?: Write['settled']): Write => ({
      item: {
        Put: { TableName: dynamo.table(outboxTable.name), Item: { ...job, queue: queueOf(job.job_id) } },
      },
      ...(settled && { settled }),
    }),

    /** The write that takes a job back that nobody has begun. */
    cancelling: (jobId: string): Write => ({
      item: { Delete: { TableName: dynamo.table(outboxTable.name), Key: { job_id: jobId } } },
    }),

    /** Up to `limit` jobs of each queue whose lease or pause is over, oldest first. */
    async due(now: number, limit: number): Promise<JobRow[]> {
      const pages = await Promise.all(QUEUES.map(queue => alive(queue, now, limit)))
      return pages.flatMap(page => page.items)
    },

    claim: (job: JobRow, lease: string, until: number): Promise<boolean> =>
      change(job, 'SET lease = :lease, due_at = :until, attempts = :attempts', {
        ':lease': lease,
        ':until': until,
        ':attempts': job.attempts + 1,
      }),

    /** Keeps a job that is being worked on from being taken over. */
    renew: (job: JobRow, until: number): Promise<boolean> =>
      change(job, 'SET due_at = :until', { ':until': until }),

    checkpoint: (job: JobRow, payload: unknown, until: number): Promise<boolean> =>
      change(job, 'SET payload = :payload, due_at = :until', { ':payload': payload, ':until': until }),

    done: (job: JobRow): Promise<boolean> =>
      held(
        dynamo.remove(outboxTable.name, {
          Key: { job_id: job.job_id },
          ConditionExpression: 'lease = :mine',
          ExpressionAttributeValues: { ':mine': job.lease },
        }),
      ),

    retryAt: (job: JobRow, due: number, error: string): Promise<boolean> =>
      change(job, 'SET due_at = :due, last_error = :error', { ':due': due, ':error': error }),

    /** Out of the living queues and into one of its own, where it stays to be looked at. */
    bury: (job: JobRow, error: string): Promise<boolean> =>
      change(job, 'SET queue = :dead, last_error = :error', { ':dead': DEAD, ':error': error }),

    /** The first jobs that were given up, oldest first. */
    dead: async (limit: number): Promise<JobRow[]> =>
      (await alive(DEAD, Number.MAX_SAFE_INTEGER, limit)).items,

    /** How many jobs that are due before a time are not done yet, up to `limit` a queue. */
    async waiting(before: number, limit: number): Promise<number> {
      const pages = await Promise.all(QUEUES.map(queue => alive(queue, before, limit)))
      return pages.reduce((sum, page) => sum + page.items.length, 0)
    },
  }
}
