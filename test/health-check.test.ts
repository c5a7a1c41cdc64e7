import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

/**
 * health-check.sh with commands in place of those that ask the machine. `npm run prove:deploy` runs it on a machine,
 * with --report, and breaks that; here are the figures that a machine is not easily brought to.
 */
const SCRIPT = new URL('../ami/root/usr/local/bin/health-check.sh', import.meta.url).pathname

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-health-'))
  mkdirSync(join(folder, 'bin'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const fake = (name: string, body: string) =>
  writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 })

interface Host {
  used?: string
  inodes?: string
  unit?: string
  listening?: boolean
  health?: boolean
  ready?: { status: number; body: string }
  available?: number
  secondsOff?: number
}

/** @returns its exit code, its lines, and what it logged */
const check = (host: Host = {}) => {
  const { used = '41%', inodes = '3%', unit = 'active', listening = true, health = true } = host
  const { ready = { status: 200, body: '{}' }, available = 60, secondsOff = 0 } = host
  const date = new Date(Date.now() - secondsOff * 1000).toUTCString()
  fake('systemctl', `echo ${unit}`)
  fake('ss', listening ? 'echo LISTEN 0 511 0.0.0.0:3000' : '')
  fake('df', `echo Use% IUse% Mounted; echo '${used} ${inodes} /'`)
  fake('awk', `echo ${available}`)
  fake('logger', `echo "$*" >>${folder}/log`)
  fake(
    'curl',
    `case "\${@: -1}" in
      */health) ${health ? 'exit 0' : 'exit 22'} ;;
      */ready) printf '%s\\n%s' '${ready.body}' ${ready.status} ;;
      *) printf 'HTTP/1.1 401 Unauthorized\\r\\nDate: ${date}\\r\\n' ;;
    esac`,
  )
  const { status, stdout } = spawnSync('bash', [SCRIPT], {
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}` },
    encoding: 'utf8',
  })
  return { status, lines: stdout.trim().split('\n') }
}

test('a host that is well', () => {
  expect(check()).toEqual({ status: 0, lines: ['Health check passed'] })
})

test('a disk is full from 80 to 100 %, in bytes and in inodes', () => {
  for (const used of ['79%', '9%', '0%']) expect(check({ used }).status).toBe(0)
  for (const used of [80, 95, 99, 100]) {
    expect(check({ used: `${used}%` })).toEqual({ status: 1, lines: [`the disk at / is ${used} % full`] })
  }
  expect(check({ inodes: '100%' })).toEqual({ status: 1, lines: ['the disk at / is 100 % full'] })
  expect(check({ inodes: '-' }).status).toBe(0)
})

test('each reason has a line of its own', () => {
  expect(check({ unit: 'failed', listening: false, health: false, available: 4 })).toEqual({
    status: 1,
    lines: [
      'plaza.service is failed',
      'nothing listens on port 3000',
      '/health gave no 200 within 2 s',
      'only 4 % of the memory is available',
    ],
  })
})

test('a port that listens is not health', () => {
  expect(check({ health: false }).lines).toEqual(['/health gave no 200 within 2 s'])
})

test('a clock that is off is told of, whichever way', () => {
  for (const secondsOff of [60, -60]) {
    const { status, lines } = check({ secondsOff })
    expect(status).toBe(1)
    expect(lines[0]).toMatch(
      secondsOff > 0 ? /^the clock is (59|6\d) s off$/ : /^the clock is -(59|60) s off$/,
    )
  }
})
