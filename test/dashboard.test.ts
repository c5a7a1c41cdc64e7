import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { startApp, type TestApp } from './support/app.ts'
import { failure, startDynamoProxy } from './support/dynamo-proxy.ts'
import { scrape } from './support/metrics.ts'
import { anonymous, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const Dashboard = z.object({
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z
        .array(z.object({ expr: z.string(), legendFormat: z.string(), refId: z.string() }))
        .default([]),
    }),
  ),
})

const file = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const { panels } = Dashboard.parse(JSON.parse(file('infra/grafana/plaza.json')))
const targets = panels.flatMap(panel => panel.targets)

const METRIC = /\b((?:plaza|nodejs|process)_[a-z_]+?)(?:_bucket|_count|_sum)?(?=[{\s)[`]|$)/g
const metricsIn = (text: string) => new Set([...text.matchAll(METRIC)].map(([, name = '']) => name))

describe('the dashboard and what is told', () => {
  let app: TestApp
  let text = ''
  const undo: (() => Promise<void>)[] = []

  beforeAll(async () => {
    let refusals = 0
    const proxy = await startDynamoProxy(({ operation }) =>
      operation === 'GetItem' && refusals-- > 0
        ? { ...failure('InternalServerError'), status: 500 }
        : undefined,
    )
    undo.push(proxy.close)
    app = await startApp({ DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.push(app.close)
    const ann = await seedInto(app).user('ann')
    // Three attempts that fail are an error, and one that the next mends is a retry: both are to be told.
    refusals = 4
    const login = { email: ann.email, password: ann.password }
    await anonymous(app).post('/auth/login').send(login).expect(503)
    await anonymous(app).post('/auth/login').send(login).expect(200)
    const seen = await until(
      () => scrape(app.adminUrl),
      ({ value }) =>
        value('plaza_backend_retries_total') !== undefined && value('plaza_outbox_jobs') !== undefined,
    )
    text = seen.text
  })
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
  })

  const exposed = () => new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name))

  test('agree on the names of metrics', () => {
    const asked = metricsIn(targets.map(({ expr }) => expr).join('\n'))
    expect(asked.size).toBeGreaterThan(20)
    for (const name of asked) expect(exposed()).toContain(name)
  })

  test('agree on their labels', () => {
    const known = new Set([...text.matchAll(/(\w+)="/g)].map(([, name = '']) => name))
    // Prometheus itself adds it.
    known.add('instance')
    for (const { expr, legendFormat } of targets) {
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', '))
      const matched = [...expr.matchAll(/(\w+)=~?"/g)].map(([, name = '']) => name)
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name)
      for (const name of [...grouped, ...matched, ...shown]) expect([...known]).toContain(name)
      for (const name of shown) expect(grouped).toContain(name)
    }
  })

  test('agree with docs/metrics.md, which leaves out none', () => {
    const written = file('docs/metrics.md')
    for (const name of exposed()) {
      const short = name.replace(/^(plaza_cache|nodejs_heap_size)/, '…')
      expect(written.includes(`\`${name}\``) || written.includes(`\`${short}\``)).toBe(true)
    }
    for (const name of metricsIn(written)) expect(exposed()).toContain(name)
  })

  test('do not lie on top of each other', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })
})
