/** `npm run bench` measures everything, `npm run bench -- read feed` some of it. bench/README.md says what it means. */
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { feed } from './cases/feed.ts'
import { login } from './cases/login.ts'
import { memory } from './cases/memory.ts'
import { post } from './cases/post.ts'
import { read } from './cases/read.ts'
import { start } from './cases/start.ts'
import { uploads } from './cases/upload.ts'
import { chart } from './chart.ts'
import { generator } from './load.ts'
import { line, type Result, verdict } from './result.ts'

const CASES: Record<string, () => Promise<Result[]>> = {
  read,
  feed,
  post,
  login,
  upload: uploads,
  start,
  memory,
}

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !(name in CASES))
if (unknown.length > 0) throw new Error(`there is no bench ${unknown}: there are ${Object.keys(CASES)}`)

const results: Result[] = []
for (const name of asked.length > 0 ? asked : Object.keys(CASES)) {
  process.stdout.write(`\n== ${name}\n`)
  const found = await CASES[name]?.()
  for (const result of found ?? []) {
    process.stdout.write(`${line(result)}\n`)
    results.push(result)
  }
}
if (asked.length === 0) {
  const machine = { node: process.version, cores: availableParallelism(), cpu: cpus()[0]?.model, generator }
  const told = results.map(result => ({ ...result, verdict: verdict(result) }))
  const report = { date: new Date().toISOString().slice(0, 10), ...machine, results: told }
  writeFileSync(new URL('./results.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(new URL('./results.svg', import.meta.url), chart(results))
}
