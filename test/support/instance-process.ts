/** An app as a process of its own, which can be killed: takes `{ env, parts }` as JSON and prints its URL. */
import { z } from 'zod'
import { startApp } from './app.ts'

const Options = z.object({
  env: z.record(z.string(), z.string()),
  parts: z.object({
    keptRows: z.number().optional(),
    outbox: z.object({ leaseMs: z.number().optional(), pollMs: z.number().optional() }).optional(),
    claims: z.object({ leaseMs: z.number().optional() }).optional(),
  }),
})

const { env, parts } = Options.parse(JSON.parse(process.argv[2] ?? ''))
const app = await startApp(env, z.custom<NonNullable<Parameters<typeof startApp>[1]>>().parse(parts))
process.stdout.write(`${app.url}\n`)
process.on('SIGTERM', () => void app.close())
