import { z } from 'zod'
import type { Dynamo } from '../../src/infra/dynamo/dynamo.ts'
import { ensureTables } from '../../src/infra/dynamo/tables.ts'
import type { Write } from '../../src/infra/dynamo/write.ts'
import { createLogger } from '../../src/infra/logger.ts'
import { type JobHandler, jobKind } from '../../src/infra/outbox/job.ts'
import { createOutbox, type Outbox, type OutboxOptions } from '../../src/infra/outbox/outbox.ts'
import { outboxTable } from '../../src/infra/outbox/outbox-store.ts'
import { openDatabase } from './database.ts'

/** The work that the stories tell of. */
export const counting = jobKind('counting', z.object({ n: z.number() }))

/** An outbox as one instance of the service has it. */
export interface Instance extends Outbox {
  /** Writes a job together with `also`. */
  commit(n: number, ...also: Write[]): Promise<void>
  /** How often it has looked for the jobs of others. */
  polls(): number
}

/** Outboxes over one table that nobody else uses; they look for jobs all the time and try again soon. */
export const openOutboxes = async () => {
  const database = openDatabase()
  const lines: string[] = []
  const logger = createLogger('debug', { write: line => void lines.push(line) })
  await ensureTables(database, [outboxTable], logger)
  const outboxes: Outbox[] = []

  return {
    database,

    /** Another instance. It looks for jobs of others once it is told to start. */
    instance(handler: JobHandler<{ n: number }>, options: Partial<OutboxOptions> = {}): Instance {
      let queries = 0
      const dynamo: Dynamo = {
        ...database,
        query: (table, input) => {
          queries++
          return database.query(table, input)
        },
      }
      const settings = { dynamo, logger, leaseMs: 20_000, pollMs: 20, retryMs: 10, ...options }
      const outbox = createOutbox(settings)
      outbox.on(counting, handler)
      outboxes.push(outbox)
      return {
        ...outbox,
        commit: (n, ...also) => database.transact([...also, outbox.entry(counting, { n })]),
        // Every look is a query to each of the four queues.
        polls: () => Math.floor(queries / 4),
      }
    },

    /** The messages logged at a level. */
    logged: (level: string) =>
      lines
        .map(line => JSON.parse(line))
        .filter(line => line.level === level)
        .map(line => String(line.msg)),

    async close() {
      await Promise.all(outboxes.map(outbox => outbox.stop()))
      database.close()
    },
  }
}
