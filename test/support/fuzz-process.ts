/**
 * An app and a fuzz of it in a process of their own, where both run twice as fast as among Jest's module contexts.
 * Takes its options as one argument and prints what came of it, both as JSON.
 */
import { z } from 'zod'
import { startApp } from './app.ts'
import { fuzz } from './fuzz.ts'
import { fetchDocument, operationsOf } from './openapi-checker.ts'
import { settled } from './snapshot.ts'

const Options = z.object({ requests: z.number(), seed: z.number(), lanes: z.number() })

const app = await startApp({ LOG_LEVEL: 'info', REGISTRATION_MODE: 'verify' })
const outcome = await fuzz(app, Options.parse(JSON.parse(process.argv[2] ?? ''))).then(
  seen => ({ seen, failure: null }),
  (error: unknown) => ({ seen: {}, failure: error instanceof Error ? error.message : String(error) }),
)
await settled(app)
const operations = operationsOf(await fetchDocument(app))
const inherited: string[] = []
for (const name in {}) inherited.push(name)
const report = {
  ...outcome,
  operations: operations.map(({ operationId, responses, security }) => ({
    operationId,
    statuses: Object.keys(responses),
    guarded: security.length > 0,
  })),
  /** Jobs that were given up. */
  dead: await app.context.outbox.dead(),
  /** Properties that every object would have by now. */
  inherited,
  errors: app.log().filter(({ level }) => level === 'error' || level === 'fatal'),
}
await app.close()
process.stdout.write(JSON.stringify(report))
