import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { z } from 'zod'
import { startApp, type TestApp } from './support/app.ts'
import { type Plan, sha256, type Uploader, uploader } from './support/fault-client.ts'
import { type FaultyProcess, startFaulty } from './support/fault-process.ts'
import { faultsOf, inventory, sweep } from './support/fault-sweep.ts'
import { describeHeavy } from './support/heavy.ts'
import { type SeededUser, seedInto } from './support/seed.ts'
import { until } from './support/until.ts'

const BYTES = Buffer.from('What was acknowledged is there, bit for bit. '.repeat(50))
const Uploaded = z.object({ file: z.object({ file_id: z.string() }) })

const fault = (step: number) => ({ 'x-fault': String(step) })

const upload = async (ann: Uploader, headers: Record<string, string> = {}) => {
  const form = new FormData()
  form.append('file', new Blob([BYTES]), 'a.bin')
  const { status, body } = await ann.call('POST', '/files/upload', form, headers)
  expect(status).toBe(201)
  return Uploaded.parse(body).file.file_id
}

/** What is acknowledged to the client: a file that must be there from now on, or must not. */
interface Acknowledged {
  there?: string
  gone?: string
}

/** Something done with a file: what comes before, without faults, and what is interrupted at a step. */
interface Operation {
  prepare?(ann: Uploader): Promise<Plan | string>
  act(ann: Uploader, step: number, prepared: Plan | string | undefined): Promise<Acknowledged>
}

const OPERATIONS: Record<string, Operation> = {
  'an upload in one go': {
    act: async (ann, step) => ({ there: await upload(ann, fault(step)) }),
  },
  'the completion of parts': {
    async prepare(ann) {
      const plan = await ann.begin(BYTES, { checksum_sha256: sha256(BYTES) })
      expect((await ann.put(plan, 1, BYTES)).status).toBe(200)
      return plan
    },
    async act(ann, step, plan) {
      if (typeof plan !== 'object') throw new Error('nothing was begun')
      expect((await ann.complete(plan, {}, fault(step))).status).toBe(200)
      return { there: plan.file_id }
    },
  },
  'a deletion': {
    prepare: ann => upload(ann),
    async act(ann, step, fileId) {
      const { status } = await ann.call('DELETE', `/files/${fileId}`, undefined, fault(step))
      expect(status).toBe(204)
      return { gone: String(fileId) }
    },
  },
}

describeHeavy('a process killed in the middle of', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    // It must not do the jobs of the others, whose bytes it does not have.
    app = await startApp({}, { outbox: { pollMs: 3_600_000 } })
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  /** Does it in a process that dies at a step. What the client was told counts, and whether the process survived. */
  const interrupted = async (plaza: FaultyProcess, operation: Operation, step: number) => {
    const client = uploader(plaza.url, ann.token)
    const prepared = await operation.prepare?.(client)
    const acknowledged = await operation
      .act(client, step, prepared)
      .catch(async (error): Promise<Acknowledged> => {
        // Only a connection that broke since the process died is what this is about.
        await until(plaza.dead, dead => dead, 5000).catch(() => {
          throw error
        })
        return {}
      })
    // Some of it is done after the reply.
    await until(
      async () => plaza.dead() || (await app.context.outbox.waiting()) === 0,
      over => over,
    )
    const survived = !plaza.dead()
    await plaza.kill()
    return { acknowledged, survived }
  }

  /** Starts again on what was left, cleans up, and looks at everything. */
  const checkAfterwards = async (env: Record<string, string>, { there, gone }: Acknowledged) => {
    const again = await startApp(env, { outbox: { pollMs: 10, retryMs: 10 } })
    try {
      expect((await sweep(again.context)).missing).toEqual([])
      const client = uploader(again.url, ann.token)
      const { files } = await inventory(again.context)
      for (const { file_id } of files) expect(await client.content(file_id)).toEqual(BYTES)
      const ids = files.map(({ file_id }) => file_id)
      if (there) expect(ids).toContain(there)
      if (gone) expect(ids).not.toContain(gone)
      expect(await faultsOf(again.context)).toEqual([])
    } finally {
      await again.close()
    }
  }

  test.each(Object.entries(OPERATIONS))(
    '%s leaves nothing behind and loses nothing that was acknowledged',
    async (_name, operation) => {
      let step = 0
      let survived = false
      while (!survived) {
        step++
        // Bytes and records of its own, and the same accounts.
        const env = { ...app.env, DATA_DIR: join(tmpdir(), `plaza-crash-${process.pid}-${step}`) }
        try {
          const plaza = await startFaulty(env)
          const seen = await interrupted(plaza, operation, step)
          survived = seen.survived
          await checkAfterwards(env, seen.acknowledged)
        } finally {
          rmSync(env.DATA_DIR, { recursive: true, force: true })
        }
        // The files of this round are gone with its folder; their records must not look lost in the next.
        for (const { user_id, file_id } of (await inventory(app.context)).files) {
          await app.context.backends.dynamo.remove('FileMetadata', { Key: { user_id, file_id } })
          await app.context.backends.dynamo.remove('FileOwners', { Key: { file_id } })
        }
        await app.context.backends.dynamo.remove('Storage', { Key: { user_id: ann.user_id } })
      }
      expect(step).toBeGreaterThan(4)
    },
    60_000,
  )
})
