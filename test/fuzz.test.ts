import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { rounds } from './support/heavy.ts'

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? rounds(10_000, 1000))
/** It stands in the name of the test: with it, the same requests are made again. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const LIMIT_MS = 300_000

const Report = z.object({
  operations: z.array(
    z.object({ operationId: z.string(), statuses: z.array(z.string()), guarded: z.boolean() }),
  ),
  seen: z.record(z.string(), z.number()),
  failure: z.string().nullable(),
  dead: z.array(z.unknown()),
  inherited: z.array(z.string()),
  errors: z.array(z.unknown()),
})

const PROCESS = fileURLToPath(new URL('./support/fuzz-process.ts', import.meta.url))

const fuzzed = async () => {
  const options = JSON.stringify({ requests: REQUESTS, seed: SEED, lanes: 8 })
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, options], {
    maxBuffer: 2 ** 28,
    timeout: LIMIT_MS,
  })
  return Report.parse(JSON.parse(stdout))
}

describe(`${REQUESTS} requests made from the document, from the seed ${SEED} on`, () => {
  let report: z.infer<typeof Report>

  beforeAll(async () => {
    report = await fuzzed()
  }, LIMIT_MS)

  test('are answered as it says, whatever is in them', () => {
    if (report.failure !== null) throw new Error(report.failure)
  })

  // It would prove little if they never got past the door. A few thousand need not come to everything, by chance.
  const testIfMany = REQUESTS < 10_000 ? test.skip : test
  testIfMany('succeed at every operation, and are let in nowhere without a token', () => {
    for (const { operationId, statuses, guarded } of report.operations) {
      const outcomes = statuses.filter(status => report.seen[`${operationId} ${status}`])
      expect([operationId, outcomes]).toEqual([
        operationId,
        expect.arrayContaining([expect.stringMatching(/^2/)]),
      ])
      if (guarded) expect([operationId, outcomes]).toEqual([operationId, expect.arrayContaining(['401'])])
    }
  })

  test('leave nothing undone, polluted, or in the log as an error', () => {
    const { dead, inherited, errors } = report
    expect({ dead, inherited, errors }).toEqual({ dead: [], inherited: [], errors: [] })
  })
})
