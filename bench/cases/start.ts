import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, ratioOf } from '../compare.ts'
import { type ServerProcess, startProcess } from '../process.ts'
import type { Result } from '../result.ts'
import { opening, production, serverScript, startBackends } from '../world.ts'

const ROUNDS = 9
const BUILT = new URL('../../dist/main.js', import.meta.url).pathname

/** Milliseconds from the start of a process until its `/health` is answered by 200. */
const until200 = async (start: () => Promise<ServerProcess>) => {
  const begun = performance.now()
  const server = await start()
  while (!(await fetch(`${server.url}/health`).catch(() => null))?.ok) await sleep(1)
  const ms = performance.now() - begun
  await server.stop()
  return ms
}

/** #9: how soon a new instance answers. */
export const start = async (): Promise<Result[]> => {
  if (!existsSync(BUILT)) throw new Error('build it first: npm run build')
  await using closing = new AsyncDisposableStack()
  const backends = opening(closing)(await startBackends())
  const same = JSON.stringify({ headers: { 'content-type': 'application/json' }, body: '{"status":"ok"}' })
  const seen: { mine: number[]; bare: number[] } = { mine: [], bare: [] }
  for (let round = 0; round <= ROUNDS; round++) {
    const bare = await until200(() => startProcess(serverScript('bare'), {}, [same]))
    const mine = await until200(() => startProcess(BUILT, production(backends.env)))
    // The first finds nothing in the caches of the kernel.
    if (round === 0) continue
    seen.bare.push(bare)
    seen.mine.push(mine)
  }
  return [
    {
      id: 9,
      what: 'from nothing to 200 on /health, production build',
      against: 'node:http',
      ratio: ratioOf(seen.mine, seen.bare),
      target: { at: 'most', ratio: 8 },
      notes: [`${median(seen.mine).toFixed(0)} ms and ${median(seen.bare).toFixed(0)} ms`],
    },
  ]
}
