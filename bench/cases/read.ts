import jwt from 'jsonwebtoken'
import { createClient } from 'redis'
import { compare, ratioOf, type Side } from '../compare.ts'
import { startProcess } from '../process.ts'
import { figures, type Result } from '../result.ts'
import { client, JWT_SECRET, opening, serverScript, startBackends, startPlaza } from '../world.ts'

/** Headers that node:http writes by itself. */
const ITS_OWN = new Set(['connection', 'date', 'keep-alive', 'transfer-encoding'])

/** #1 to #3: a GET of a post by somebody who is logged in. */
export const read = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const plaza = opened(await startPlaza(backends.env))
  const api = client(plaza.url)
  const ann = await api.user('ann')
  const postId = await api.post(ann.token)
  const path = `/posts/${postId}`
  const reply = await api.call('GET', path, ann.token)

  const headers = Object.fromEntries([...reply.headers].filter(([name]) => !ITS_OWN.has(name)))
  const same = JSON.stringify({ headers, body: reply.text })
  const bare = opened(await startProcess(serverScript('bare'), {}, [same]))
  const env = { REDIS_URL: backends.env.REDIS_URL, JWT_SECRET }
  const fastify = opened(await startProcess(serverScript('fastify'), env))
  const express = opened(await startProcess(serverScript('express'), env))
  const store = createClient({ url: env.REDIS_URL })
  await store.connect()
  await store.set(`bench:${postId}`, reply.text)
  const token = jwt.sign({ sub: ann.user_id }, JWT_SECRET, { expiresIn: 3600 })

  const side = (name: string, server: Side['server'], bearer: string): Side => ({
    name,
    server,
    target: { url: server.url + path, headers: { authorization: `Bearer ${bearer}` } },
  })
  const sides = [
    side('Plaza', plaza, ann.token),
    side('node:http', bare, ann.token),
    side('Fastify', fastify, token),
    side('Express as usual', express, token),
  ]
  const rounds = await compare(sides)
  store.destroy()

  const [mine = [], ...others] = rounds
  const rate = (at: number) =>
    ratioOf(
      mine.map(round => round.perSecond),
      (others[at] ?? []).map(round => round.perSecond),
    )
  const what = 'authenticated GET of a post, warm'
  const notes = (at: number) => [figures('Plaza', mine), figures(sides[at + 1]?.name ?? '', others[at] ?? [])]
  return [
    {
      id: 1,
      what,
      against: 'node:http, the same bytes',
      ratio: rate(0),
      target: { at: 'least', ratio: 0.4 },
      notes: notes(0),
    },
    {
      id: 2,
      what,
      against: 'Fastify with its plugins',
      ratio: rate(1),
      target: { at: 'least', ratio: 1.5 },
      notes: notes(1),
    },
    {
      id: 3,
      what,
      against: 'Express, wired the usual way',
      ratio: rate(2),
      target: { at: 'least', ratio: 4 },
      notes: notes(2),
    },
  ]
}
