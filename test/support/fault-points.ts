import { subscribe } from 'node:diagnostics_channel'
import fs from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/**
 * Preloaded into a process that is to be killed. What a request does with `x-fault: n` comes to a halt before its n-th
 * step, together with everything that follows from it, and never goes on; `{"halted":n}` is printed then. So a file
 * stands exactly there when the process is killed, and one kill serves as many files as there are steps: one after
 * the other, each is brought to a halt at another one.
 *
 * A step is a write to the database, before it is sent and after it is answered; any request to S3, likewise; and
 * whatever changes the file store's folder: making, opening, writing, syncing, renaming, removing.
 */
const IN_STORE = /\/files\//
const DATABASE_WRITES = /\.(TransactWriteItems|UpdateItem|DeleteItem|PutItem)$/
/** Jobs of files that stand still are neither taken over nor kept by a process that still lives. */
const LEASES = ['SET lease = :lease', 'SET due_at = :until']
const isLease = (body: unknown) =>
  body instanceof Uint8Array &&
  LEASES.some(text => Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(text))

let left = Number.POSITIVE_INFINITY
let asked = 0
let told = false
/** Steps that have begun and not ended. */
let busy = 0

/** Kept, or the garbage collector would close what the halted ones have open. */
const halted: (() => void)[] = []
const forEver = () => new Promise<never>((_, reject) => halted.push(reject))

/** Once nothing is under way any more: what runs beside the step that came to a halt goes as far as its own next one. */
const tell = () => {
  if (busy > 0) setImmediate(tell)
  else process.stdout.write(`${JSON.stringify({ halted: asked })}\n`)
}

const step = async () => {
  left--
  if (left > 0) return
  if (!told) setImmediate(tell)
  told = true
  await forEver()
}

/** Whose request has none is not in danger. */
subscribe('http.server.request.start', message => {
  const { request } = message as { request: { headers: Record<string, string | undefined> } }
  left = asked = Number(request.headers['x-fault'] ?? Number.POSITIVE_INFINITY)
  told = false
})

const underWay = async <T>(work: () => Promise<T>): Promise<T> => {
  busy++
  try {
    return await work()
  } finally {
    busy--
  }
}

const { handle } = NodeHttpHandler.prototype
NodeHttpHandler.prototype.handle = async function (request, options) {
  const target = request.headers['x-amz-target']
  if (target?.endsWith('.UpdateItem') && isLease(request.body)) return forEver()
  const counts = target === undefined || DATABASE_WRITES.test(target)
  if (counts) await step()
  const reply = await underWay(() => handle.call(this, request, options))
  if (counts) await step()
  return reply
}

/** Of the store's files and folders that are open. */
const handles = new WeakSet<object>()
const descriptors = new Set<unknown>()

type Anything = (...given: unknown[]) => unknown

const replace = (holder: object, name: string, make: (original: Anything) => Anything) => {
  const original: unknown = Reflect.get(holder, name)
  if (typeof original === 'function') Reflect.set(holder, name, make(original as Anything))
}

/** A promise of something that is a step where it is about the store. */
const stepOf = (isStep: (self: unknown, given: unknown[]) => boolean) => (original: Anything) =>
  async function (this: unknown, ...given: unknown[]) {
    if (isStep(this, given)) await step()
    return underWay(async () => Reflect.apply(original, this, given))
  }

const inStore = (_self: unknown, [path]: unknown[]) => IN_STORE.test(String(path))
for (const name of ['mkdir', 'rename', 'rm', 'rmdir']) replace(promises, name, stepOf(inStore))

replace(promises, 'open', original => async (...given) => {
  if (inStore(null, given) && given[1] !== 'r' && given[1] !== undefined) await step()
  const handle = (await underWay(async () => Reflect.apply(original, promises, given))) as FileHandle
  if (inStore(null, given)) handles.add(handle)
  return handle
})
const probe = await promises.open(process.execPath)
for (const name of ['writeFile', 'sync'])
  replace(
    Object.getPrototypeOf(probe),
    name,
    stepOf(self => handles.has(self as object)),
  )
await probe.close()

/** Streams use the functions with callbacks, and know their files by number. */
replace(fs, 'open', original => (...given) => {
  const done = given.pop() as (error: unknown, descriptor: unknown) => void
  const opened = (error: unknown, descriptor: unknown) => {
    if (inStore(null, given) && !error) descriptors.add(descriptor)
    done(error, descriptor)
  }
  const open = () => Reflect.apply(original, fs, [...given, opened])
  if (inStore(null, given) && given[1] !== 'r') void step().then(open)
  else open()
})
for (const name of ['write', 'writev', 'fsync'])
  replace(fs, name, original => (...given) => {
    const act = () => Reflect.apply(original, fs, given)
    if (descriptors.has(given[0])) void step().then(act)
    else act()
  })
replace(fs, 'close', original => (...given) => {
  descriptors.delete(given[0])
  return Reflect.apply(original, fs, given)
})
syncBuiltinESMExports()
