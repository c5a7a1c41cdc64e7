import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { rounds } from './support/heavy.ts'

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? rounds(10_000, 500))
/** With it the same requests are made again. Which of its things each is about depends on the order of the replies. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const LANES = Number(process.env.FUZZ_LANES ?? 8)
/** What is found is cut down for 3 minutes at most; 100,000 requests took 4 on two cores that were busy with other work. */
const LIMIT_MS = 300_000 + REQUESTS * 10

/** MB by which what is reachable may grow: 100 bytes for each of 100,000 requests would be more. */
const HEAP_GROWTH = 8
/** What the kernel gave once and does not get back soon is no leak, and comes within the first 20,000 requests. */
const RESIDENT_GROWTH = REQUESTS < 100_000 ? 128 : 32

const Report = z.object({
  operations: z.array(
    z.object({ operationId: z.string(), statuses: z.array(z.string()), guarded: z.boolean() }),
  ),
  seen: z.record(z.string(), z.number()),
  seconds: z.number(),
  failure: z.string().nullable(),
  memory: z.array(z.object({ resident: z.number(), heap: z.number(), inherited: z.array(z.string()) })),
  dead: z.array(z.unknown()),
  errors: z.array(z.unknown()),
})
type Report = z.infer<typeof Report>

const PROCESS = fileURLToPath(new URL('./support/fuzz-process.ts', import.meta.url))

const fuzzed = async () => {
  const options = JSON.stringify({ requests: REQUESTS, seed: SEED, lanes: LANES })
  const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, options], {
    maxBuffer: 2 ** 28,
    timeout: LIMIT_MS,
  })
  return Report.parse(JSON.parse(stdout))
}

/** A line for a person: what came back, and what became of the memory. */
const figures = ({ seen, memory, seconds }: Report) => {
  const statuses: Record<string, number> = {}
  for (const [outcome, times] of Object.entries(seen)) {
    const status = outcome.split(' ').at(-1) ?? ''
    statuses[status] = (statuses[status] ?? 0) + times
  }
  const grown = memory.map(({ resident, heap }) => `${Math.round(resident)}/${Math.round(heap)}`)
  const replay = `FUZZ_SEED=${SEED} FUZZ_REQUESTS=${REQUESTS} FUZZ_LANES=${LANES}`
  return `fuzz (${replay}): ${Math.round(seconds)} s, ${JSON.stringify(statuses)}, MB resident/heap ${grown.join(' ')}\n`
}

describe(`${REQUESTS} requests made from the document, from the seed ${SEED} on`, () => {
  let report: Report

  beforeAll(async () => {
    report = await fuzzed()
    process.stdout.write(figures(report))
  }, LIMIT_MS)

  test('are answered as it says, whatever is in them, and as what was done before asks for', () => {
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
    const { dead, errors, memory } = report
    const inherited = memory.flatMap(({ inherited }) => inherited)
    expect({ dead, inherited, errors }).toEqual({ dead: [], inherited: [], errors: [] })
  })

  testIfMany('leave the process as large as it was after the first fifth of them', () => {
    const [, early] = report.memory
    const last = report.memory.at(-1)
    const growth = (of: 'heap' | 'resident') => (last?.[of] ?? Number.NaN) - (early?.[of] ?? Number.NaN)
    expect(growth('heap')).toBeLessThan(HEAP_GROWTH)
    expect(growth('resident')).toBeLessThan(RESIDENT_GROWTH)
  })
})
