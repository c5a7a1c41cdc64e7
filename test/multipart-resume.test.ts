import { randomFillSync, randomInt } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { type Plan, sha256, slice, uploader } from './support/fault-client.ts'
import { startFaulty } from './support/fault-process.ts'
import { describeHeavy } from './support/heavy.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const CUTS = 50
const WHOLE = randomFillSync(Buffer.alloc(64 * 1024 * 1024))
const SUM = sha256(WHOLE)

describeHeavy('an upload whose line is cut at random points 50 times', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    // Tables and an account for processes that have the bytes; it must not do their jobs.
    app = await startApp({}, { outbox: { pollMs: 3_600_000 } })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  /** Sends some of a part and cuts the line as soon as that has left. */
  const cut = (url: string, plan: Plan, part: number, bytes: Buffer) =>
    new Promise<void>(resolve => {
      const headers = { authorization: `Bearer ${ann.token}`, 'content-length': bytes.length }
      const path = `/files/uploads/${plan.upload_id}/parts/${part}`
      const sending = request(url + path, { method: 'PUT', headers, agent: false })
      sending.on('error', () => {}).once('close', resolve)
      sending.write(bytes.subarray(0, randomInt(1, bytes.length)), () => sending.destroy())
    })

  test.each([[2]])(
    'and whose server is killed %d times arrives as it was sent',
    async kills => {
      const DATA_DIR = join(tmpdir(), `plaza-resume-${process.pid}-${kills}`)
      const env = { ...app.env, DATA_DIR }
      const killedAt = kills === 0 ? [] : [17, 34]
      let plaza = await startFaulty(env)
      let client = uploader(plaza.url, ann.token)
      try {
        const plan = await client.begin(WHOLE, { checksum_sha256: SUM })
        const numbers = Array.from({ length: plan.parts_count }, (_, at) => at + 1)
        const missing = async () => {
          const arrived = new Set((await client.state(plan)).parts.map(part => part.part_number))
          return numbers.filter(part => !arrived.has(part))
        }
        for (let cuts = 1; cuts <= CUTS; cuts++) {
          const left = await missing()
          const part = left[randomInt(left.length)] ?? 0
          const cutting = cut(plaza.url, plan, part, slice(WHOLE, plan, part))
          if (killedAt.includes(cuts)) {
            await plaza.kill()
            plaza = await startFaulty(env)
            client = uploader(plaza.url, ann.token)
          }
          await cutting
          // What was cut is not there, and what is there goes on from start to start.
          expect(await missing()).toEqual(left)
          if (cuts % 7 === 0)
            expect((await client.put(plan, part, slice(WHOLE, plan, part))).status).toBe(200)
        }
        const left = await missing()
        expect(left).toHaveLength(1)
        for (const part of left) await client.put(plan, part, slice(WHOLE, plan, part))
        const { status, body } = await client.complete(plan)
        expect({ status, body }).toMatchObject({ status: 200, body: { file: { checksum_sha256: SUM } } })
        expect(sha256((await client.content(plan.file_id)) ?? Buffer.of())).toBe(SUM)
        await until(
          () => readdir(join(DATA_DIR, 'files', 'tmp')),
          left => left.length === 0,
        )
        expect(await readdir(join(DATA_DIR, 'files', 'uploads'))).toEqual([])
      } finally {
        await plaza.kill()
        await rm(DATA_DIR, { recursive: true, force: true })
      }
    },
    60_000,
  )
})
