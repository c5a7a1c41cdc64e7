import { currentLook } from '../../lib/deadline.ts'
import { type Copy, createCopies } from './copies.ts'
import type { KeyValue } from './key-value.ts'

/** A store that tells when what was read from it is no longer so. */
export interface TrackedKeyValue extends KeyValue {
  /** As `getMany`, with the milliseconds for which each value stands yet. From then on changes are told of. */
  readMany(keys: readonly string[]): Promise<({ value: string; ttlMs: number } | null)[]>
  /**
   * Called for each key that was read and may have changed since; with null when that is every one of them. What was
   * changed before the store got to a command is told of before that command is answered.
   */
  onChange(listener: (key: string | null) => void): void
}

/** Characters. One that is longer is read each time. */
const LONGEST = 64 * 1024

/** Milliseconds after which one who still reads looks again. */
const LOOK_MS = 1_000

/** That nothing stands there is true until something does. */
const NOTHING = { value: null, ttlMs: Number.POSITIVE_INFINITY }

/**
 * The store with copies of what was read from it in this process, which are as good as the store itself: before any is
 * used the store is asked for a sign of life, and by then it has told of every change that came before it. One such
 * round trip does for all who read in one turn of the event loop, however many keys they read, and for all that one
 * request reads which only reads. See docs/adr/0018.
 * @param room characters, about
 */
export const nearKeyValue = (
  kv: TrackedKeyValue,
  { room = 16 * 1024 * 1024, now = () => performance.now() } = {},
): KeyValue => {
  const copies = createCopies(room)
  kv.onChange(key => (key === null ? copies.clear() : copies.forget(key)))

  let fence: Promise<void> | undefined
  let last = Promise.resolve()
  /** One at a time: who comes while one is on its way shares the next. */
  const fenced = () => {
    if (fence !== undefined) return fence
    const forget = () => {
      if (fence === mine) fence = undefined
    }
    const mine = last.then(() => {
      // Whoever comes after this turn may come after a change that this sign of life knows nothing of.
      setImmediate(forget)
      return kv.ping()
    })
    // Those who waited behind it have failed with it, and no others shall.
    mine.catch(() => {
      forget()
      if (last === mine) last = Promise.resolve()
    })
    fence = last = mine
    return mine
  }

  /** Whether this is of a request that has had one: it sees what was so when it began, or later. */
  const hasLooked = () => {
    const look = currentLook()
    return look !== undefined && now() - look.at < LOOK_MS
  }
  const looked = async () => {
    const look = currentLook()
    const asked = now()
    await fenced()
    if (look) look.at = asked
  }

  const keep = (key: string, { value, until }: Copy) => {
    if ((value?.length ?? 0) > LONGEST) copies.forget(key)
    else copies.put(key, { value, until })
  }

  let gathering: { keys: string[]; found: ReturnType<TrackedKeyValue['readMany']> } | undefined
  /** What is asked for in one turn is answered in one, too: what its readers ask for next can be gathered again. */
  const fetched = async (keys: readonly string[]) => {
    if (gathering === undefined) {
      const asked: string[] = []
      // After the microtasks of this turn, in which the others ask.
      const sent = Promise.resolve().then(() => new Promise<void>(process.nextTick))
      const found = sent.then(() => {
        gathering = undefined
        return kv.readMany(asked)
      })
      gathering = { keys: asked, found }
    }
    const { keys: asked, found } = gathering
    const from = asked.push(...keys) - keys.length
    return (await found).slice(from, from + keys.length)
  }

  const read = async (keys: readonly string[]) => {
    // What is told of while the answer is on its way takes these away, and then the answer is not kept.
    const places = keys.map(key => {
      const place: Copy = { value: null, until: Number.NEGATIVE_INFINITY }
      copies.put(key, place)
      return place
    })
    const sent = now()
    const found = await fetched(keys)
    return keys.map((key, at) => {
      const { value, ttlMs } = found[at] ?? NOTHING
      if (copies.get(key) === places[at]) keep(key, { value, until: sent + ttlMs })
      return value
    })
  }

  const copied = (keys: readonly string[]) => {
    const at = now()
    return keys.map(key => {
      const copy = copies.get(key)
      return copy && copy.until > at ? copy.value : undefined
    })
  }

  /** Of all at the same time: whoever reads several things in one turn gets them in one turn. */
  const readBoth = async (keys: readonly string[], missing: readonly string[]) => {
    const [values] = await Promise.all([read(missing), hasLooked() || looked()])
    const fresh = new Map(missing.map((key, at) => [key, values[at] ?? null]))
    const copiesNow = copied(keys)
    return completed(
      keys,
      keys.map((key, at) => (fresh.has(key) ? fresh.get(key) : copiesNow[at])),
    )
  }

  /** What has been told of in the meantime has no copy any more. */
  const completed = async (keys: readonly string[], values: readonly (string | null | undefined)[]) => {
    const gone = keys.filter((_, at) => values[at] === undefined)
    if (gone.length === 0) return values as (string | null)[]
    const again = await read(gone)
    return values.map(value => (value === undefined ? (again.shift() ?? null) : value))
  }

  const readCopies = async (keys: readonly string[]) => {
    if (!hasLooked()) await looked()
    return completed(keys, copied(keys))
  }

  /** Whoever has had their look sees what they have then changed themselves, told of or not. */
  const changing = async <T>(key: string, change: Promise<T>) => {
    try {
      return await change
    } finally {
      copies.forget(key)
    }
  }

  return {
    kind: kv.kind,
    getMany(keys) {
      const copiesNow = copied(keys)
      const missing = keys.filter((_, at) => copiesNow[at] === undefined)
      if (missing.length === 0) return readCopies(keys)
      return missing.length === keys.length ? read(keys) : readBoth(keys, missing)
    },
    set: (key, value, ttlMs) => changing(key, kv.set(key, value, ttlMs)),
    setIfAbsent: (key, value, ttlMs) => changing(key, kv.setIfAbsent(key, value, ttlMs)),
    increment: (key, by, floor, ttlMs) => changing(key, kv.increment(key, by, floor, ttlMs)),
    ping: kv.ping,
    close: kv.close,
  }
}
