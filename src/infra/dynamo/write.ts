import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/**
 * One write that a store has prepared and that somebody may put into a transaction together with others: that
 * is how a count moves with the row that it counts although they belong to different features. Services pass
 * writes on; only stores make them and only `Dynamo.transact` looks inside.
 */
export interface Write {
  readonly item: TransactItem
  /** Called before the transaction is sent: what has to be out of the way even if this process dies right after it. */
  readonly before?: () => Promise<void>
  /**
   * Called once the transaction is over, before its caller goes on: caches are dropped here. `committed` is
   * false also where nobody knows (a time-out): the write may have happened. Must not throw.
   */
  readonly settled?: (committed: boolean) => Promise<void> | void
  /** What it means that its condition refused the transaction: thrown in the place of ConditionFailed. */
  readonly refused?: () => Error
}

/** What is to be written together with a thing, by whoever wants that, told what the thing will be. */
export type Along<Made> = (made: Made) => Promise<readonly Write[]>

/** A write was refused because its condition did not hold. `failed` holds the positions of the refused writes. */
export class ConditionFailed extends Error {
  readonly failed: readonly number[]

  constructor(failed: readonly number[], cause: unknown) {
    super('a condition of the write did not hold', { cause })
    this.name = 'ConditionFailed'
    this.failed = failed
  }
}

/**
 * True when the writes went through, false when a condition refused them: any, or the one at the position `at` when
 * only that one is a question and every other refusal a fault.
 */
export const held = async (work: Promise<void>, at?: number): Promise<boolean> => {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof ConditionFailed && (at === undefined || error.failed[0] === at)) return false
    throw error
  }
}

/** The positions of the writes that a condition refused; none when all of them went through. */
export const refusals = async (work: Promise<void>): Promise<readonly number[]> => {
  try {
    await work
    return []
  } catch (error) {
    if (error instanceof ConditionFailed) return error.failed
    throw error
  }
}
