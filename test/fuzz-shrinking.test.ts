import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { curl } from './support/curl.ts'
import type { Sent } from './support/exchange.ts'
import { faultyBench, notes, type Planted, recorded } from './support/faulty-notes.ts'
import { shrunk } from './support/fuzz-shrink.ts'
import { minimized, minimizedJson } from './support/minimized.ts'

/** Many requests that work, about other notes and about the one in question, and the one that failed. */
const story = (about: Sent[], last: Sent): Sent[] => {
  const noise = Array.from({ length: 20 }, (_, at) => [
    notes.write(`noise ${at}`),
    notes.read(`$${at * 2}`),
  ]).flat()
  return [...noise, ...about, ...Array.from({ length: 15 }, () => notes.read('$0')), last]
}

const found = async (fault: Planted, sent: Sent[]) => {
  const bench = faultyBench(fault)
  const report = await shrunk(await recorded(bench, sent), bench)
  return { report, commands: report.split('\n').filter(line => line.includes('curl')) }
}

/** What a shell makes of a report, on an instance with nothing in it. */
const told = async (fault: Planted, report: string) => {
  const instance = await faultyBench(fault).start()
  const lines = report
    .split('\n')
    .slice(2, -1)
    .join('\n')
    .replace(/^API=.*$/m, `API=${instance.url}`)
  const { stdout } = await promisify(execFile)('bash', ['-c', lines])
  await instance.close()
  return stdout
}

describe('what the fuzz has found is cut down', () => {
  test('to one command with nothing in it that makes no difference', async () => {
    const odd = notes.write('long ago a caf\u00e9 burned down', { tags: ['a', 'b'], colour: { red: 1 } })
    const last = {
      ...odd,
      path: '/notes?a=1&b=2',
      headers: { ...odd.headers, Origin: 'null', Authorization: 'Bearer x' },
    }
    const { report, commands } = await found('on an accent', story([], last))
    expect(report).toMatch(/^it failed\nOne request shows it:/)
    expect(commands).toEqual([
      `curl -sS --globoff --path-as-is --include --request POST "$API"'/notes' --header 'Content-Type:' --data-raw '{"text":"\u00e9"}'`,
    ])
    expect(await told('on an accent', report)).toMatch(/^HTTP\/1.1 500 /)
  })

  test('to the shortest sequence where it takes more than one, with ids from earlier replies', async () => {
    const about = [notes.write('of which it is about'), notes.read('$40'), notes.remove('$40')]
    const { report, commands } = await found('on what was deleted', story(about, notes.read('$40')))
    expect(report).toMatch(/^it failed\n3 requests show it, the last of them:/)
    expect(commands.map(line => /--request (\w+)/.exec(line)?.[1])).toEqual(['POST', 'DELETE', 'GET'])
    expect(commands.at(-1)).toContain(`"$API"'/notes/'"$NOTE_ID_1"''`)
    expect(await told('on what was deleted', report)).toMatch(/^HTTP\/1.1 500 /)
  })

  test('to a connection that was cut', async () => {
    const { report, commands } = await found('by hanging up', story([], notes.write('x\0y')))
    expect([report, commands.length]).toEqual([expect.stringMatching(/^it was not answered\nOne request/), 1])
    expect(report).toMatch(/\(no reply\)$/)
  })

  test('or told as it was, where it does not come again', async () => {
    const { report } = await found('only once', story([], notes.write('once')))
    expect(report).toMatch(/^it failed\nIt did not show again .*\nAPI=.*\ncurl .*"once"/)
  })
})

test('a list is cut down to the fewest that still hold, wherever they are', async () => {
  const list = Array.from({ length: 100 }, (_, at) => at)
  for (const needed of [[], [0], [99], [3, 50, 51, 97]]) {
    let tries = 0
    const holds = async (some: number[]) => {
      tries++
      return needed.every(one => some.includes(one))
    }
    expect(await minimized(list, holds)).toEqual(needed)
    expect(tries).toBeLessThan(120)
  }
})

test('so is a value, down to the characters of a text in it', async () => {
  const value = { a: [1, { b: 'some text with x in it' }, 3], c: null }
  const holds = async (smaller: unknown) => JSON.stringify(smaller).includes('x')
  expect(await minimizedJson(value, holds)).toEqual({ a: [{ b: 'x' }] })
})

test('a command for a shell sends the very bytes', async () => {
  const received: unknown[] = []
  const instance = await faultyBench('never', request => received.push(request)).start()
  const requests: Sent[] = [
    { method: 'POST', path: "/a/../b?x=[1]&y='", headers: { 'X-Request-Id': '' }, body: `@it's\n"$HOME"` },
    { method: 'PUT', path: '/%zz', headers: { 'Content-Type': 'a/b' }, body: 'a\0b' },
    { method: 'PUT', path: '/', body: new Uint8Array([0, 255, 10]) },
  ]
  for (const sent of requests) await promisify(execFile)('bash', ['-c', curl(instance.url, sent)])
  await instance.close()
  expect(received).toEqual([
    { method: 'POST', path: "/a/../b?x=[1]&y='", type: undefined, id: '', body: `@it's\n"$HOME"` },
    { method: 'PUT', path: '/%zz', type: 'a/b', id: undefined, body: 'a\0b' },
    { method: 'PUT', path: '/', type: undefined, id: undefined, body: '\0\u00ff\n' },
  ])
})
