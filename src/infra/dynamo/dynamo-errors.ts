import { setTimeout as sleep } from 'node:timers/promises'
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { timeLeft } from '../../lib/deadline.ts'
import { unavailable } from '../../lib/errors.ts'
import { ConditionFailed } from './write.ts'

/** Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"): 0 to 10 ms · 2^attempt, at most 400 ms. */
export const backOff = (attempt: number) => sleep(Math.random() * Math.min(400, 10 * 2 ** attempt))

/** Of what DynamoDB has left over of a batch. */
const MOST_PAUSES = 8

/** Waits before what is left over is sent again. @throws Problem 503 when that has been often enough or is too late */
export const pauseBefore = async (attempt: number): Promise<void> => {
  if (attempt > MOST_PAUSES || timeLeft() <= 0) throw unavailable('The database did not answer in time.', 1)
  await backOff(attempt)
}

const reasons = (error: TransactionCanceledException) =>
  (error.CancellationReasons ?? []).map(reason => reason.Code ?? 'None')

const CONFLICTS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

/** Retried when conflicts alone stood in the way; a failed condition is the answer to the question. */
export const isConflict = (error: unknown) =>
  error instanceof TransactionCanceledException &&
  reasons(error).some(code => CONFLICTS.has(code)) &&
  reasons(error).every(code => code === 'None' || CONFLICTS.has(code))

/** What waiting does not mend, as the name of an error or as a reason for which a transaction was cancelled. */
const BUGS = new Set([
  'ValidationException',
  'ValidationError',
  'ResourceNotFoundException',
  'AccessDeniedException',
  'SerializationException',
])

/** What DynamoDB said, in the words of the stores: ConditionFailed, a fault of ours as it is, or a Problem 503. */
export const translate = (error: unknown): unknown => {
  if (error instanceof ConditionalCheckFailedException) return new ConditionFailed([0], error)
  if (error instanceof TransactionCanceledException) {
    const failed = reasons(error).flatMap((code, at) => (code === 'ConditionalCheckFailed' ? [at] : []))
    if (failed.length > 0) return new ConditionFailed(failed, error)
    if (reasons(error).some(code => BUGS.has(code))) return error
  }
  if (error instanceof Error && BUGS.has(error.name)) return error
  return unavailable('The database did not answer in time.', 1, error)
}

/** The work, with its failure translated. */
export const answered = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    throw translate(error)
  }
}
