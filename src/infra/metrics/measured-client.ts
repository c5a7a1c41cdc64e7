import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import type { S3Client } from '@aws-sdk/client-s3'
import type { BackendMeter } from './backend-meter.ts'

const THROTTLED = new Set([
  'ProvisionedThroughputExceededException',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'SlowDown',
  'ThrottlingError',
  'ThrottlingException',
  'TooManyRequestsException',
])
const TIMED_OUT = new Set(['TimeoutError', 'RequestTimeout', 'AbortError'])
/** Answers to a question that was asked: the condition does not hold, it is not there, the client has it. */
const ANSWERS = new Set(['ConditionalCheckFailed', 'ConditionalCheckFailedException'])
const ANSWER_STATUSES = new Set([304, 404, 412, 416])

const statusOf = (error: object): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode

/** The reasons of a cancelled transaction, else the error's own name. */
const namesOf = (error: Error): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).flatMap(({ Code }) => (Code && Code !== 'None' ? [Code] : []))
    : [error.name]

const faultOf = (error: unknown) => {
  if (!(error instanceof Error)) return 'unavailable'
  const names = namesOf(error)
  const status = statusOf(error)
  if (names.some(name => ANSWERS.has(name))) return null
  if (names.some(name => THROTTLED.has(name))) return 'throttled'
  if (names.includes('TransactionConflict') || names.includes('TransactionConflictException'))
    return 'conflict'
  if (names.some(name => TIMED_OUT.has(name))) return 'timeout'
  // DynamoDB's own 404 does not exist: what is not there is an empty answer, and a missing table is a 400.
  if (status !== undefined && ANSWER_STATUSES.has(status)) return null
  return status !== undefined && status >= 400 && status < 500 ? 'refused' : 'unavailable'
}

type Next = (args: { input: object }) => Promise<{ response: unknown; output: object }>
interface Stack {
  add(
    middleware: (next: Next, context: { commandName?: string }) => Next,
    options: { step: 'initialize'; priority: 'high'; name: string },
  ): void
}

/** `GetItemCommand` → `GetItem`. */
const operationOf = (commandName = 'unknown') => commandName.replace(/Command$/, '')

const attemptsOf = (output: object) =>
  (output as { $metadata?: { attempts?: number } }).$metadata?.attempts ?? 1

/** Times every command of an AWS client, whoever sends it. A presigned URL is no command. */
export const measureClient = (client: DynamoDBClient | S3Client, meter: BackendMeter): void => {
  // The two clients' stacks differ in their commands only, which do not matter here.
  const stack = client.middlewareStack as unknown as Stack
  stack.add(
    (next, context) => async args => {
      const operation = operationOf(context.commandName)
      const result = await meter.timed(operation, faultOf, () => next(args))
      const attempts = attemptsOf(result.output)
      if (attempts > 1) meter.retried(operation, attempts - 1)
      return result
    },
    { step: 'initialize', priority: 'high', name: 'measure' },
  )
}
