import type { TrackedKeyValue } from '../cache/near-key-value.ts'
import type { BackendMeter } from './backend-meter.ts'

/** Whatever goes wrong with Redis is Redis being away: the commands that are sent are never refused. */
const faultOf = (error: unknown) =>
  error instanceof Error && error.message.includes('did not answer within') ? 'timeout' : 'unavailable'

/** The same store, with every command timed that is sent: beneath the copies and the breaker. */
export const measuredKeyValue = (kv: TrackedKeyValue, meter: BackendMeter): TrackedKeyValue => ({
  kind: kv.kind,
  getMany: keys => meter.timed('get', faultOf, () => kv.getMany(keys)),
  readMany: keys => meter.timed('get', faultOf, () => kv.readMany(keys)),
  set: (key, value, ttlMs) => meter.timed('set', faultOf, () => kv.set(key, value, ttlMs)),
  setIfAbsent: (key, value, ttlMs) =>
    meter.timed('set_if_absent', faultOf, () => kv.setIfAbsent(key, value, ttlMs)),
  increment: (key, by, floor, ttlMs) =>
    meter.timed('increment', faultOf, () => kv.increment(key, by, floor, ttlMs)),
  ping: () => meter.timed('ping', faultOf, () => kv.ping()),
  onChange: kv.onChange,
  close: () => kv.close(),
})
