import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Sent } from './exchange.ts'
import { ask, learnt } from './fuzz-rerun.ts'
import type { Bench, Found } from './fuzz-shrink.ts'
import type { Judge, RequestStep } from './fuzz-steps.ts'
import type { Described } from './openapi-checker.ts'

/** What is wrong with a service. */
export type Planted = 'on an accent' | 'on what was deleted' | 'by hanging up' | 'only once' | 'never'

const JSON_TYPE = { 'Content-Type': 'application/json' }

/** Requests to a service that keeps notes. An id of `$3` is that which the reply number 3 told. */
export const notes = {
  write: (text: string, more: object = {}): Sent => ({
    ...{ method: 'POST', path: '/notes', headers: JSON_TYPE },
    body: JSON.stringify({ text, ...more }),
  }),
  read: (id: string): Sent => ({ method: 'GET', path: `/notes/${id}`, headers: {} }),
  remove: (id: string): Sent => ({ method: 'DELETE', path: `/notes/${id}`, headers: {} }),
}

type Watch = (request: object) => void

const received = ({ method, url, headers }: IncomingMessage, body: Buffer) => ({
  ...{ method, path: url, type: headers['content-type'], id: headers['x-request-id'] },
  body: body.toString('latin1'),
})

/** Keeps notes, with something wrong with it. */
const startNotes = async (
  isFaulty: (body: string, wasDeleted: boolean) => boolean,
  cuts: boolean,
  watch: Watch,
) => {
  const there = new Set<string>()
  const deleted = new Set<string>()
  const statusOf = (method: string | undefined, id: string) => {
    if (!there.has(id)) return 404
    if (method !== 'DELETE') return 200
    there.delete(id)
    deleted.add(id)
    return 204
  }
  const server = createServer(async (req, res) => {
    const body = await buffer(req)
    watch(received(req, body))
    const id = req.url?.split('/')[2] ?? ''
    if (isFaulty(body.toString(), deleted.has(id))) {
      if (cuts) return req.socket.destroy()
      return res.writeHead(500).end()
    }
    if (req.method !== 'POST') return res.writeHead(statusOf(req.method, id)).end()
    const note_id = randomUUID()
    there.add(note_id)
    res.writeHead(201, JSON_TYPE).end(JSON.stringify({ note_id }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails: () => [],
    suspend: async () => {},
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

const judge = (): Judge => ({
  suspended: () => {},
  sending: () => reply => {
    if (reply === null) return 'it was not answered'
    return reply.status < 500 ? null : 'it failed'
  },
})

/** Starts services with the same fault, each with nothing in it. */
export const faultyBench = (planted: Planted, watch: Watch = () => {}): Bench => {
  let shown = 0
  const faults: Record<Planted, (body: string, wasDeleted: boolean) => boolean> = {
    'on an accent': body => body.includes('\u00e9'),
    'on what was deleted': (_, wasDeleted) => wasDeleted,
    'by hanging up': body => body.includes('\\u0000'),
    'only once': body => body.includes('once') && shown++ === 0,
    never: () => false,
  }
  return { start: () => startNotes(faults[planted], planted === 'by hanging up', watch), judge }
}

/** Sends requests one after the other, as the fuzz does, until one shows the fault. */
export const recorded = async (
  { start }: Pick<Bench, 'start'>,
  requests: readonly Sent[],
): Promise<Found> => {
  const instance = await start()
  const before: RequestStep[] = []
  const operation = {} as Described
  try {
    for (const request of requests) {
      const path = request.path.replace(/\$(\d+)/, (_, at) => before[Number(at)]?.learned[0]?.[1] ?? '')
      const sent = { ...request, path }
      const reply = await ask(instance.url, sent)
      const step: RequestStep = { kind: 'request', operation, clean: false, sent, learned: learnt(reply) }
      const fault = judge().sending(step)(reply)
      if (fault !== null) return { before, last: step, fault, reply, mailed: [] }
      before.push(step)
    }
  } finally {
    await instance.close()
  }
  throw new Error('nothing was wrong')
}
