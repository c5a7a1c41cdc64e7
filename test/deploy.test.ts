import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parse as parseYaml } from 'yaml'
import { readConfig, VARIABLES } from '../src/config.ts'
import { readHcl } from './support/hcl.ts'

/** What can be told of the deployment's files without a machine; `npm run prove:deploy` runs them on one. */
const at = (path: string) => new URL(`../${path}`, import.meta.url).pathname
const read = (path: string) => readFileSync(at(path), 'utf8')
const under = (folder: string) =>
  readdirSync(at(folder), { recursive: true, encoding: 'utf8' })
    .map(path => `${folder}/${path}`)
    .filter(path => statSync(at(path)).isFile())

const scripts = ['ami', 'userdata', 'scripts'].flatMap(under).filter(path => /^#!.*bash/.test(read(path)))
const unit = read('ami/root/etc/systemd/system/plaza.service')
const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]

describe('shell', () => {
  test('every script parses', () => {
    expect(scripts).toEqual(
      expect.arrayContaining([
        'ami/install.sh',
        'ami/root/usr/local/bin/health-check.sh',
        'userdata/user-data.sh',
      ]),
    )
    const { status, stderr } = spawnSync('bash', [
      '-c',
      'for script; do bash -n "$script" || exit; done',
      '-',
      ...scripts.map(at),
    ])
    expect([status, String(stderr)]).toEqual([0, ''])
  })

  test('user-data fits into a launch template and is nobody’s template', () => {
    const userData = read('userdata/user-data.sh')
    expect(userData.startsWith('#!/bin/bash\n')).toBe(true)
    // 16 KB before it is encoded.
    expect(Buffer.byteLength(userData)).toBeLessThan(16_384)
    expect(userData).not.toMatch(/\b(?:apt-get|dnf|yum|npm)\b|\{\{|#\{/)
  })

  test('cron reads the entry: a user, and a line that ends', () => {
    expect(read('ami/root/etc/cron.d/plaza')).toMatch(
      /^\*\/5 \* \* \* \* root \/usr\/local\/bin\/health-check\.sh --report .*\n$/m,
    )
  })
})

describe('the unit', () => {
  test('is killed later than the service needs to drain and to finish', () => {
    const production = {
      NODE_ENV: 'production',
      S3_BUCKET: 'b',
      REDIS_URL: 'redis://r',
      JWT_SECRET: 'x'.repeat(32),
    }
    const finishSeconds = Number(/const FINISH_MS = (\d+)_000/.exec(read('src/server.ts'))?.[1])
    expect(finishSeconds).toBeGreaterThan(0)
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(
      readConfig(production).drainSeconds + finishSeconds,
    )
  })

  test('always comes back, has no rights and no way to write', () => {
    expect(setting('Restart')).toBe('always')
    expect(setting('User')).toBe('plaza')
    expect(setting('NoNewPrivileges')).toBe('yes')
    expect(setting('ProtectSystem')).toBe('strict')
    expect(setting('CapabilityBoundingSet')).toBe('')
    expect(setting('ReadWritePaths')).toBeUndefined()
    expect(setting('MemoryMax')).toMatch(/^\d+%$/)
  })

  test('leaves no core behind, and has nobody told of its environment when it crashes', () => {
    expect(setting('LimitCORE')).toBe('0')
    // The limit is not heeded where cores are piped to a program, such as systemd-coredump.
    expect(read('ami/root/etc/sysctl.d/90-plaza.conf')).toMatch(/^kernel\.core_pattern = core$/m)
    expect(setting('ExecStart')).not.toMatch(/--(?:report|heapsnapshot|heap-prof|inspect|abort)/)
  })
})

describe('the image', () => {
  // What HCL means by it, not JavaScript.
  const reference = (to: string) => `\${${to}}`

  test('is made of Amazon Linux 2023 and Debian 12, encrypted, with IMDSv2 only', async () => {
    const one = {
      imds_support: 'v2.0',
      metadata_options: [{ http_tokens: 'required', http_put_response_hop_limit: 1 }],
      launch_block_device_mappings: [{ encrypted: true, volume_type: 'gp3' }],
      tags: reference('local.tags'),
    }
    const [al2023, debian12] = [
      { ...one, ssh_username: 'ec2-user' },
      { ...one, ssh_username: 'admin' },
    ]
    expect(await readHcl(at('ami/plaza.pkr.hcl'))).toMatchObject({
      source: { 'amazon-ebs': { al2023: [al2023], debian12: [debian12] } },
    })
    expect(await readHcl(at('ami/plugins.pkr.hcl'))).toMatchObject({
      packer: [{ required_plugins: [{ amazon: { source: 'github.com/hashicorp/amazon' } }] }],
    })
  })

  test('is provisioned from both, with the release that was handed in, and cleaned last', async () => {
    expect(await readHcl(at('ami/build.pkr.hcl'))).toMatchObject({
      build: [
        {
          sources: ['source.amazon-ebs.al2023', 'source.amazon-ebs.debian12'],
          provisioner: {
            file: [{ source: `${reference('path.root')}/` }, { source: reference('var.release') }],
            shell: [
              { inline: expect.anything() },
              { inline: [expect.stringMatching(/install\.sh /), expect.stringMatching(/clean\.sh$/)] },
            ],
          },
          'post-processor': { manifest: [{ output: 'manifest.json' }] },
        },
      ],
    })
  })

  test('asks the CloudWatch agent for files that something writes', () => {
    const agent = JSON.parse(
      read('ami/root/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json'),
    )
    const [service] = agent.logs.logs_collected.files.collect_list
    expect(read('ami/root/etc/systemd/system/plaza-log.service')).toContain(`append:${service.file_path}`)
  })
})

describe('the container', () => {
  const instructions = read('Dockerfile')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .trim()
    .split(/\n+/)
    .map(line => line.split(/ (.*)/s) as [string, string])
  const last = instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'))
  const of = (name: string) => last.filter(([instruction]) => instruction === name).map(([, rest]) => rest)

  test('is built in stages on bases that can be pinned, without what only development needs', () => {
    const bases = instructions.filter(([name]) => name === 'FROM').map(([, rest]) => rest.split(' ')[0])
    expect(bases).toEqual(['NODE_IMAGE', 'NODE_IMAGE', 'BASE_IMAGE'].map(name => `\${${name}}`))
    expect(instructions.slice(0, 2).map(([name, rest]) => `${name} ${rest}`)).toEqual([
      'ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim',
      'ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim',
    ])
    expect(read('Dockerfile')).toContain('npm ci --omit=dev')
  })

  test('runs the service itself, as nobody, and knows how it does without curl', () => {
    expect(of('USER')).toEqual(['10001:10001'])
    expect(of('STOPSIGNAL')).toEqual(['SIGTERM'])
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).toEqual(['node', 'dist/main.js'])
    const check = of('HEALTHCHECK')[0]?.replace(/^.*?CMD /, '') ?? ''
    expect(JSON.parse(check).slice(0, 2)).toEqual(['node', '-e'])
    expect(last.filter(([name]) => name === 'RUN')).toEqual([])
  })

  test('compose sets only what the service knows, and no secret', () => {
    const { services, volumes } = parseYaml(read('compose.yaml'), { merge: true })
    expect(Object.keys(services)).toEqual(['plaza', 'tables', 'bucket', 'dynamodb', 's3', 'valkey'])
    const { environment, read_only, cap_drop, ulimits, stop_grace_period, depends_on } = services.plaza
    const known = [...VARIABLES, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
    expect(known).toEqual(expect.arrayContaining(Object.keys(environment)))
    expect(environment.JWT_SECRET).toMatch(/^\$\{JWT_SECRET:\?/)
    expect({ read_only, cap_drop, ulimits, stop_grace_period }).toEqual({
      read_only: true,
      cap_drop: ['ALL'],
      ulimits: { core: 0 },
      stop_grace_period: `${setting('TimeoutStopSec')}s`,
    })
    expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(depends_on)))
    expect(Object.keys(volumes)).toEqual(['dynamodb', 's3'])
  })
})
