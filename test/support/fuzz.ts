import fc from 'fast-check'
import type { TestApp } from './app.ts'
import { curl, exchange, type Reply } from './exchange.ts'
import { createWorld } from './fuzz-world.ts'
import { type Call, callsOf } from './openapi-arbitrary.ts'
import { createChecker, type Described, fetchDocument, operationsOf } from './openapi-checker.ts'

interface FuzzOptions {
  requests: number
  /** The same one sends the same requests again. */
  seed: number
  /** So many requests are on their way at once. */
  lanes: number
}

/**
 * Sends requests that are made from the app's own document, and holds each reply against it. Throws at the first
 * that is wrong, with the smallest request found that shows it, as a command for a shell.
 * @returns how often each operation was answered with each status, as `operationId status`
 */
export const fuzz = async (app: TestApp, { requests, seed, lanes }: FuzzOptions) => {
  const document = await fetchDocument(app)
  const operations = new Map(operationsOf(document).map(one => [one.operationId, one]))
  const check = createChecker(app)
  const world = await createWorld(app)
  const seen: Record<string, number> = {}

  const fault = (operation: Described, call: Call, reply: Reply) => {
    if (reply.status >= 500 && operation.template !== '/ready') return 'it failed'
    // Other codes are about what there is, such as whom one cannot follow.
    const invalid = reply.status === 422 && reply.text.includes('"validation_failed"')
    if (call.clean && invalid) return 'it is valid by the document and was refused'
    return check(operation, reply)
  }

  const send = async (call: Call) => {
    const operation = operations.get(call.operation)
    if (!operation) throw new Error(`there is no operation ${call.operation}`)
    const { sent, answered } = world.prepare(call, operation)
    const reply = await exchange(app.url, sent)
    const wrong = fault(operation, call, reply)
    if (wrong)
      throw new Error(`${wrong}\n${curl(app.url, sent)}\n${reply.status} ${reply.text.slice(0, 2000)}`)
    const outcome = `${call.operation} ${reply.status}`
    seen[outcome] = (seen[outcome] ?? 0) + 1
    await answered(reply)
  }

  /** Once one lane has found a fault, the others leave it alone with the shrinking. */
  let broken: number | undefined
  const property = (lane: number) =>
    fc.asyncProperty(calls, async call => {
      if (broken !== undefined && broken !== lane) return
      try {
        await send(call)
      } catch (error) {
        broken ??= lane
        throw error
      }
    })
  const calls = callsOf(document)
  const numRuns = Math.ceil(requests / lanes)
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      fc.assert(property(lane), { seed: seed + lane, numRuns, includeErrorInReport: true }),
    ),
  )
  return seen
}
