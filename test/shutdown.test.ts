import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { testHeavy } from './support/heavy.ts'
import { type PlazaProcess, startProcess, temporaryFolder } from './support/process.ts'
import { until } from './support/until.ts'

/** One GET over the agent's connection: the status, or what went wrong. */
const get = (url: string, agent?: Agent) =>
  new Promise<number | string>(resolve => {
    const req = httpRequest(url, agent ? { agent } : {}, res => {
      res.resume()
      res.on('end', () => resolve(res.statusCode ?? 0))
      res.on('error', error => resolve(String(error)))
    })
    req.on('error', error => resolve(String(error)))
    req.end()
  })

describe('SIGTERM', () => {
  const data = temporaryFolder()
  let plaza: PlazaProcess

  afterEach(async () => {
    plaza.child.kill('SIGKILL')
    await plaza.ended
    data.remove()
  })

  testHeavy(
    'under 50 keep-alive clients fails no request, turns /ready to 503 at once and exits with 0',
    async () => {
      plaza = await startProcess({ DATA_DIR: data.path, DRAIN_SECONDS: '3' })
      const seen = new Map<number | string, number>()
      let going = true
      // Each with a pause in which the connection is idle: it must not be closed under the next request.
      const client = async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        while (going) {
          const outcome = await get(`${plaza.url}/`, agent)
          seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
          await sleep(20)
        }
        agent.destroy()
      }
      const clients = Array.from({ length: 50 }, client)
      await until(
        () => seen.get(200) ?? 0,
        count => count > 200,
      )

      plaza.child.kill('SIGTERM')
      const { body } = await until(
        () => request(plaza.url).get('/ready'),
        reply => reply.status === 503,
      )
      expect(body.status).toBe('draining')
      const before = seen.get(200) ?? 0
      // For as long as a load balancer needs to notice, everybody is still served.
      await sleep(1500)
      going = false
      await Promise.all(clients)
      expect([...seen.keys()]).toEqual([200])
      expect(seen.get(200)).toBeGreaterThan(before)
      expect(await plaza.ended).toBe(0)
    },
  )

  test('lets a request that is under way finish after the door is closed', async () => {
    plaza = await startProcess({ DATA_DIR: data.path, DRAIN_SECONDS: '0' })
    const body = JSON.stringify({ email: 'ann@example.com', password: 'a long password', name: 'Ann' })
    const { hostname, port } = new URL(plaza.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(
      'POST /auth/register HTTP/1.1\r\nHost: plaza\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
    )
    // One full exchange on another connection shows that the server has read what was sent before.
    expect(await get(`${plaza.url}/health`)).toBe(200)

    plaza.child.kill('SIGTERM')
    await until(
      () => get(`${plaza.url}/health`),
      outcome => String(outcome).includes('ECONNREFUSED'),
    )
    socket.write(body.slice(20))
    const reply = await text(socket)
    expect(reply).toMatch(/^HTTP\/1\.1 201 /)
    expect(reply).toMatch(/^connection: close/im)
    expect(await plaza.ended).toBe(0)
  })
})
