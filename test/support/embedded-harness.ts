import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { createClient } from '@redis/client'
import { z } from 'zod'

const undo: (() => unknown)[] = []

/** Has it done after the test, last one first. */
export const afterwards = (step: () => unknown) => void undo.push(step)

export const undoAll = async () => {
  for (const step of undo.splice(0).reverse()) await step()
}

/** Has what was launched stopped after the test. */
export const stopping = <T extends { stop(): Promise<void> }>(launched: T): T => {
  afterwards(launched.stop)
  return launched
}

/** The path of a new folder that is removed after the test. */
export const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'plaza-embedded-'))
  afterwards(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Polls; that it gives up, long after what a slow machine needs, is only for a readable failure. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; await pause(10)) {
    if (await holds()) return
  }
  throw new Error(`it never came to be that ${what}`)
}

/** A port of 127.0.0.1 that somebody else listens on until the test is over. */
export const busyPort = async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  afterwards(() => holder.close())
  await once(holder, 'listening')
  return z.object({ port: z.number() }).parse(holder.address()).port
}

/** Whether any process of the group runs still; one that nobody has waited for yet does not. */
export const groupRuns = (pid: number | undefined) => {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' }).split('\n')
  return rows.some(row => {
    const [group, state] = row.trim().split(/\s+/)
    return group === String(pid) && !state?.startsWith('Z')
  })
}

export const kill = (pid: number | undefined) => {
  if (pid === undefined) throw new Error('there is no process to kill')
  process.kill(pid, 'SIGKILL')
}

/** Starts node and resolves with the first line that it prints. */
const startNode = async (...args: string[]) => {
  const started: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  afterwards(() => started.kill('SIGKILL'))
  if (!started.stdout) throw new Error('its stdout is a pipe')
  const [line] = await once(createInterface({ input: started.stdout }), 'line')
  return { pid: started.pid, line: z.string().parse(line) }
}

const Places = z.object({
  endpoint: z.string(),
  socketPath: z.string(),
  pids: z.tuple([z.number(), z.number()]),
})

/** A process of its own that launches both backends in the folder. */
export const startParent = async (folder: string) => {
  const script = fileURLToPath(new URL('./embedded-parent.ts', import.meta.url))
  const { pid, line } = await startNode(script, folder)
  return { ...Places.parse(JSON.parse(line)), pid }
}

/** A process of its own that opens the folder, forgets it, has its garbage collected and stays. */
export const startGarbageCollected = async (folder: string) => {
  const module = new URL('../../src/infra/embedded/data-dir.ts', import.meta.url)
  const script = `
    const { openDataDir } = await import(${JSON.stringify(module.href)})
    openDataDir(process.argv[1])
    setTimeout(() => {
      gc()
      setTimeout(() => { gc(); console.log('collected') }, 1)
    }, 1)
    setInterval(() => {}, 1000)`
  await startNode('--expose-gc', '--input-type=module', '--eval', script, folder)
}

/** One table with one item, over the public API. */
export const notesAt = (endpoint: string) => {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
  })
  afterwards(() => client.destroy())
  return {
    async write(text: string) {
      await client.send(
        new CreateTableCommand({
          TableName: 'notes',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      )
      await client.send(
        new PutItemCommand({ TableName: 'notes', Item: { id: { S: '1' }, text: { S: text } } }),
      )
    },
    async read() {
      const { Item } = await client.send(new GetItemCommand({ TableName: 'notes', Key: { id: { S: '1' } } }))
      return Item?.text?.S
    },
  }
}

export const redisCommand = async (path: string, ...command: string[]) => {
  const client = createClient({ socket: { path, reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(command)
  } finally {
    client.destroy()
  }
}
