import { setImmediate as nextTurn } from 'node:timers/promises'
import { waitedAlong } from '../../lib/deadline.ts'
import { LOAD_LIMIT_MS, type Mark } from './entry.ts'

/** One call of `load`, under way for these ids, each with what its reader saw in the store before it began. */
export interface Flight<Id, V> {
  readonly begun: number
  readonly marks: ReadonlyMap<Id, Mark>
  readonly result: Promise<ReadonlyMap<Id, V>>
}

interface FlightsOptions<Id, V> {
  load(ids: readonly Id[]): Promise<ReadonlyMap<Id, V>>
  /** Called with every load that succeeded, before those who wait for it go on. Must not reject. */
  land(flight: Flight<Id, V>, values: ReadonlyMap<Id, V>): Promise<void>
  now: () => number
}

export interface Flights<Id, V> {
  /** Joins what is under way and loads the rest in one call. Rejects when any load that it waits for does. */
  fetch(marks: ReadonlyMap<Id, Mark>): Promise<Map<Id, V>>
  /** Whether this flight is still the one that readers of this id would join. */
  isCurrent(flight: Flight<Id, V>, id: Id): boolean
  /** Nobody joins the flights of this id any more. */
  forget(id: Id): void
}

/**
 * Single-flight, keyed by the id **and** by what the reader saw in the store. After a write every reader, on
 * any instance, sees that write's tombstone, whose nonce no earlier reader can have seen: it cannot join a
 * load that began before the write.
 */
export const createFlights = <Id extends string, V>(options: FlightsOptions<Id, V>): Flights<Id, V> => {
  const { land, now } = options
  const byId = new Map<Id, Map<Mark, Flight<Id, V>>>()

  const isCurrent = (flight: Flight<Id, V>, id: Id) => {
    const mark = flight.marks.get(id)
    return mark !== undefined && byId.get(id)?.get(mark) === flight
  }

  // An old flight takes no more passengers. The tombstone of a write that came after it began may have
  // lapsed, and a reader who came after the write then saw "absent", just as the flight did.
  const joinable = (id: Id, mark: Mark) => {
    const flight = byId.get(id)?.get(mark)
    return flight && now() - flight.begun <= LOAD_LIMIT_MS ? flight : undefined
  }

  const remove = (flight: Flight<Id, V>, keep?: Mark) => {
    for (const [id, mark] of flight.marks) {
      if (mark === keep || !isCurrent(flight, id)) continue
      const flights = byId.get(id)
      flights?.delete(mark)
      if (flights?.size === 0) byId.delete(id)
    }
  }

  // Async, so that a load that throws rejects like any other.
  const load = async (ids: readonly Id[]) => options.load(ids)

  const begin = (marks: ReadonlyMap<Id, Mark>): Flight<Id, V> => {
    const flight = { begun: now(), marks, result: load([...marks.keys()]) }
    for (const [id, mark] of marks) {
      const flights = byId.get(id)
      if (flights) flights.set(mark, flight)
      else byId.set(id, new Map([[mark, flight]]))
    }
    // The first to hear of the result: the fill is sent before anyone who waits here reads again, and a
    // failure is gone before anyone retries. Where it fills, a flight can be joined until the fill is known to
    // have landed, and one turn more, for readers whose "absent" was read before it and came with its reply.
    void flight.result.then(
      async values => {
        const landed = land(flight, values)
        remove(flight, 'absent')
        await landed
        await nextTurn()
        remove(flight)
      },
      () => remove(flight),
    )
    return flight
  }

  return {
    async fetch(marks) {
      const waits = new Map<Flight<Id, V>, Id[]>()
      const rest = new Map<Id, Mark>()
      for (const [id, mark] of marks) {
        const flight = joinable(id, mark)
        if (!flight) rest.set(id, mark)
        else if (!waits.get(flight)?.push(id)) waits.set(flight, [id])
      }
      if (rest.size > 0) waits.set(begin(rest), [...rest.keys()])
      const found = new Map<Id, V>()
      await Promise.all(
        [...waits].map(async ([flight, ids]) => {
          const values = await waitedAlong(() => flight.result)
          for (const id of ids) {
            const value = values.get(id)
            if (value !== undefined) found.set(id, value)
          }
        }),
      )
      return found
    },
    isCurrent,
    forget: id => {
      byId.delete(id)
    },
  }
}
