import type { Dynamo } from '../../src/infra/dynamo/dynamo.ts'

/** What was asked of DynamoDB since the meter was set to nothing. */
interface Consumption {
  /** The operations, in the order in which they were sent. */
  requests: string[]
  /** Capacity units, as the database counts them. */
  units: number
}

interface Output {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[]
}

const JOBS = /Outbox|Revocations/

/** Counts the requests of an instance and what they consume; those of the outbox and of the sessions go on by themselves. */
export const meterDynamo = (dynamo: Dynamo) => {
  let seen: Consumption = { requests: [], units: 0 }
  dynamo.client.middlewareStack.add(
    (next, context) => async args => {
      const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' }
      const background = JOBS.test(JSON.stringify('TableName' in input ? input.TableName : ''))
      const result = await next({ ...args, input } as typeof args)
      if (background) return result
      const { ConsumedCapacity = [] } = result.output as Output
      seen.requests.push(String(context.commandName).replace('Command', ''))
      for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) seen.units += CapacityUnits
      return result
    },
    { step: 'initialize' },
  )
  return {
    reset() {
      seen = { requests: [], units: 0 }
    },
    read: () => seen,
  }
}
