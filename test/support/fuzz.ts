import fc from 'fast-check'
import { createAftermath } from './fuzz-aftermath.ts'
import { ask, learnt } from './fuzz-rerun.ts'
import { createSeeding, type Send } from './fuzz-seeding.ts'
import { type Bench, type Found, shrunk } from './fuzz-shrink.ts'
import type { Instance, RequestStep, Step } from './fuzz-steps.ts'
import { createWorld } from './fuzz-world.ts'
import { type Call, callsOf } from './openapi-arbitrary.ts'
import { type Document, operationsOf } from './openapi-checker.ts'

interface FuzzOptions extends Bench {
  document: Document
  requests: number
  /** The same one makes the same requests again. */
  seed: number
  /** So many requests are on their way at once. */
  lanes: number
  /** Done after each tenth of the requests, while none is on its way. */
  pause?(): Promise<void>
}

const ROUNDS = 10

/** One suspension for so many requests. */
const SUSPEND_EVERY = 1000

class Fault extends Error {}

/**
 * Sends requests that are made from an instance's own document, and holds each reply against it and against what was
 * done before. Stops at the first that is wrong, and finds the fewest requests that show it.
 * @returns how often each operation was answered with each status, as `operationId status`, and what is wrong, with
 * commands for a shell that show it
 */
export const fuzz = async (instance: Instance, options: FuzzOptions) => {
  const { document, requests, seed, lanes, pause = async () => {} } = options
  const operations = operationsOf(document)
  const byId = new Map(operations.map(one => [one.operationId, one]))
  const judge = options.judge()
  const seen: Record<string, number> = {}
  const steps: Step[] = []
  let found: Found | undefined
  let sentSoFar = 0

  const send: Send = async request => {
    if (found) throw new Fault('another one has found something')
    const step: RequestStep = { kind: 'request', ...request, learned: [] }
    const place = steps.push(step) - 1
    const decide = judge.sending(step)
    const reply = await ask(instance.url, step.sent)
    step.learned = learnt(reply)
    const fault = decide(reply)
    if (fault !== null || reply === null) {
      found ??= {
        ...{ before: steps.slice(0, place), last: step, fault: fault ?? '', reply },
        mailed: [...instance.mails()],
      }
      throw new Fault(fault ?? '')
    }
    return reply
  }

  const seeding = createSeeding(send, operations, instance)
  const suspend = async (user_id: string) => {
    steps.push({ kind: 'suspension', user_id })
    await instance.suspend(user_id)
    judge.suspended(user_id)
  }

  const run = async () => {
    const calls = callsOf(document)
    const again = createAftermath({ send, operations, validCall: calls.valid })
    const world = await createWorld(seeding, instance, again)

    const one = async (call: Call) => {
      const operation = byId.get(call.operation)
      if (!operation) throw new Error(`there is no operation ${call.operation}`)
      const { sent, answered } = world.prepare(call, operation)
      const reply = await send({ operation, sent, clean: call.clean })
      const outcome = `${call.operation} ${reply.status}`
      seen[outcome] = (seen[outcome] ?? 0) + 1
      sentSoFar++
      await answered(reply)
      if (sentSoFar % SUSPEND_EVERY === 0) await world.suspendOne(call.pick, suspend)
    }

    const lane = (number: number) =>
      fc.assert(fc.asyncProperty(calls.any, one), {
        seed: seed + number,
        numRuns: Math.ceil(requests / ROUNDS / lanes),
        endOnFailure: true,
        includeErrorInReport: true,
      })
    for (let round = 0; round < ROUNDS; round++) {
      const all = Array.from({ length: lanes }, (_, at) => lane(round * lanes + at))
      const ended = await Promise.allSettled(all)
      const [failed] = ended.filter(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      await pause()
    }
  }

  await run().catch(error => {
    // What went wrong is in the fuzz itself.
    if (!found) throw error
  })
  return { seen, failure: found ? await shrunk(found, options) : null }
}
