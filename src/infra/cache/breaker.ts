import { type BreakerOptions, createBreaker } from '../breaker.ts'
import type { KeyValue } from './key-value.ts'

export type GuardedKeyValue = KeyValue & {
  /** `degraded` from the moment that the breaker opens until a probe has succeeded. */
  status(): 'ok' | 'degraded'
}

/** The store behind a circuit breaker. */
export const withBreaker = (kv: KeyValue, options: Omit<BreakerOptions, 'name'>): GuardedKeyValue => {
  const breaker = createBreaker({ ...options, name: 'key-value store' })
  return {
    kind: kv.kind,
    getMany: keys => breaker.run(() => kv.getMany(keys)),
    set: (key, value, ttlMs) => breaker.run(() => kv.set(key, value, ttlMs)),
    setIfAbsent: (key, value, ttlMs) => breaker.run(() => kv.setIfAbsent(key, value, ttlMs)),
    increment: (key, by, floor, ttlMs) => breaker.run(() => kv.increment(key, by, floor, ttlMs)),
    ping: () => breaker.run(() => kv.ping()),
    close: () => kv.close(),
    status: () => (breaker.status() === 'closed' ? 'ok' : 'degraded'),
  }
}
