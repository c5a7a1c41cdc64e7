/**
 * A fuzz of Plaza in a process of its own, where it runs twice as fast as among Jest's module contexts; Plaza is
 * another process. Takes its options as one argument and prints what came of it, both as JSON.
 */
import { z } from 'zod'
import { fuzz } from './fuzz.ts'
import { type Probed, startFuzzed } from './fuzz-instance.ts'
import { createJudge } from './fuzz-judge.ts'
import { createChecker, fetchDocument, operationsOf } from './openapi-checker.ts'
import { until } from './until.ts'

const Options = z.object({ requests: z.number(), seed: z.number(), lanes: z.number() })

const plaza = await startFuzzed()
const context = await plaza.context()
const document = await fetchDocument(plaza)
const check = createChecker({ context })
const memory: Probed[] = []
const begun = Date.now()
const outcome = await fuzz(plaza, {
  ...Options.parse(JSON.parse(process.argv[2] ?? '')),
  document,
  start: startFuzzed,
  judge: () => createJudge(check),
  async pause() {
    const probed = await plaza.probe()
    if (probed) memory.push(probed)
  },
})
const seconds = (Date.now() - begun) / 1000
if (outcome.failure === null)
  await until(
    () => context.outbox.waiting(),
    waiting => waiting === 0,
    60_000,
  )
const report = {
  ...outcome,
  seconds,
  operations: operationsOf(document).map(({ operationId, responses, security }) => ({
    operationId,
    statuses: Object.keys(responses),
    guarded: security.length > 0,
  })),
  memory,
  /** Jobs that were given up. */
  dead: await context.outbox.dead(),
  errors: plaza.errors,
}
await plaza.close()
process.stdout.write(JSON.stringify(report))
