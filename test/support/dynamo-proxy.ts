import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/** One request of the DynamoDB protocol. */
interface Call {
  operation: string
  input: Record<string, unknown>
}

/**
 * `lost`: the database does what it is asked to and the connection breaks before its answer comes. `hung`: nothing is
 * done and no answer comes.
 */
type Answer = { status: number; body: object } | 'lost' | 'hung' | undefined

const Input = z.record(z.string(), z.unknown())
const Port = z.object({ port: z.number() })

/** The answer by which DynamoDB tells of an error. */
export const failure = (name: string, more: object = {}) => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: `${name} of the test`, ...more },
})

/** The cancellation of a transaction, with a code for each of its writes. */
export const cancelled = (...codes: string[]) =>
  failure('TransactionCanceledException', { CancellationReasons: codes.map(Code => ({ Code })) })

/**
 * Stands between a client and the test run's database, hears every call, and answers some of them itself.
 * @param answer what to say to a call; undefined passes it on
 */
export const startDynamoProxy = async (answer: (call: Call) => Answer) => {
  const calls: Call[] = []
  const database = process.env.TEST_DYNAMODB_ENDPOINT ?? ''

  const server = createServer(async (req, res) => {
    const body = await text(req)
    const target = String(req.headers['x-amz-target'])
    const call = { operation: target.split('.')[1] ?? '', input: Input.parse(JSON.parse(body)) }
    calls.push(call)
    const given = answer(call)
    if (given === 'hung') return
    if (typeof given === 'object') {
      res.writeHead(given.status, { 'content-type': 'application/x-amz-json-1.0' })
      res.end(JSON.stringify(given.body))
      return
    }
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      authorization: String(req.headers.authorization),
      'x-amz-date': String(req.headers['x-amz-date']),
    }
    const reply = await fetch(database, { method: 'POST', headers, body })
    const answered = await reply.text()
    if (given === 'lost') {
      res.destroy()
      return
    }
    res.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.0' })
    res.end(answered)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    endpoint: `http://127.0.0.1:${Port.parse(server.address()).port}`,
    calls,
    /** What was asked with one operation, in order. */
    inputs: (operation: string) =>
      calls.filter(call => call.operation === operation).map(({ input }) => input),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
