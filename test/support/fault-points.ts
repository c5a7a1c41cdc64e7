import { subscribe } from 'node:diagnostics_channel'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Preloaded into a process that is to die: counts what it changes in the database (before it asks and after it has
 * the answer) and what it shows or takes away on the disk, from the request that carries `x-fault: n` on, and kills the process before the n-th.
 */
let left = Number.POSITIVE_INFINITY

const step = () => {
  left--
  if (left <= 0) process.kill(process.pid, 'SIGKILL')
}

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined

subscribe('http.server.request.start', message => {
  const asked = field(field(field(message, 'request'), 'headers'), 'x-fault')
  if (asked !== undefined) left = Number(asked)
})

const WRITES = /\.(TransactWriteItems|UpdateItem|DeleteItem|PutItem)$/

const onCall = (message: unknown) => {
  const request = field(message, 'request')
  const getHeader = field(request, 'getHeader')
  const target = typeof getHeader === 'function' ? getHeader.call(request, 'x-amz-target') : undefined
  if (WRITES.test(String(target))) step()
}

subscribe('http.client.request.created', onCall)
subscribe('http.client.response.finish', onCall)

for (const name of ['rename', 'rm', 'rmdir'] as const) {
  const original = fs[name]
  Reflect.set(fs, name, (...given: unknown[]) => {
    if (/\/files\//.test(String(given[0]))) step()
    return Reflect.apply(original, fs, given)
  })
}
syncBuiltinESMExports()
