import { S3Client, type S3ClientConfig, S3ServiceException, type ServiceInputTypes } from '@aws-sdk/client-s3'
import { Problem, unavailable } from '../../lib/errors.ts'
import { createAttempts, EACH_ATTEMPT } from '../aws-attempts.ts'
import { createAwsHandler } from '../aws-handler.ts'
import type { Logger } from '../logger.ts'
import type { BackendMeter } from '../metrics/backend-meter.ts'
import { measureClient } from '../metrics/measured-client.ts'
import { signByTheSum } from './s3-signature.ts'

export interface S3ClientOptions {
  region: string
  /** Of another S3-compatible server, with buckets in the path; the region's own endpoint when left out. */
  endpoint?: string | undefined
  /** The SDK's own chain of providers when left out. */
  credentials?: S3ClientConfig['credentials']
  logger: Logger
  meter?: BackendMeter | undefined
}

/** Milliseconds for one attempt. A body that is read or sent as a stream is not held to them, see `stall.ts`. */
const CONNECT_WITHIN = 2000
const ANSWER_WITHIN = 30_000

/** For requests without a body to speak of: they are answered soon or not at all. */
export const SMALL = { requestTimeout: 10_000 }

export const createS3Client = ({
  region,
  endpoint,
  credentials,
  logger,
  meter,
}: S3ClientOptions): S3Client => {
  const client = new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 3,
    // Checksums are asked for where we send the bytes: a presigned URL would carry that of an empty body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK opens a connection of its own for every request that waits for a 100.
    expectContinueHeader: false,
    logger: sdkLogger(logger),
    requestHandler: createAwsHandler({ connectWithin: CONNECT_WITHIN, answerWithin: ANSWER_WITHIN }),
  })
  if (meter) measureClient(client, meter)
  const { attempt, breaker } = createAttempts('file store', logger)
  meter?.watch(breaker)
  client.middlewareStack.add(next => args => attempt(args.request, () => next(args)), EACH_ATTEMPT)
  signByTheSum(client)
  goWithoutWhatIsNotImplemented(client, logger)
  return client
}

/** Its lines of info and error hold whole requests, and errors are told by whoever catches them. */
const sdkLogger = (logger: Logger) => ({
  debug: () => {},
  info: () => {},
  warn: (...said: unknown[]) => logger.debug({ sdk: String(said[0]) }, 'a warning of the S3 client'),
  error: () => {},
})

/** What other servers may not know: encryption at rest, which is then theirs to do or not, and conditional writes. */
const DISPENSABLE: Record<string, readonly string[]> = {
  PutObjectCommand: ['ServerSideEncryption', 'IfNoneMatch'],
  CreateMultipartUploadCommand: ['ServerSideEncryption'],
  CompleteMultipartUploadCommand: ['IfNoneMatch'],
}

const NOT_IMPLEMENTED = 501

/**
 * A request that is answered by 501 is repeated without one or both of those; what helped is remembered for as
 * long as the client lives. S3 itself knows both and never answers so.
 */
const goWithoutWhatIsNotImplemented = (client: S3Client, logger: Logger) => {
  const dropped = new Map<string, readonly string[]>()

  /** Sends it without the first of the choices that helps. */
  const first = async <Reply>(
    choices: readonly (readonly string[])[],
    send: (fields: readonly string[]) => Promise<Reply>,
  ): Promise<{ reply: Reply; fields: readonly string[] }> => {
    const [fields = [], ...others] = choices
    try {
      return { reply: await send(fields), fields }
    } catch (error) {
      if (others.length === 0 || statusOf(error) !== NOT_IMPLEMENTED) throw error
      return first(others, send)
    }
  }

  client.middlewareStack.add(
    (next, context) => async args => {
      const command = context.commandName ?? ''
      const sent = DISPENSABLE[command]?.filter(field => Reflect.has(args.input, field)) ?? []
      const known = dropped.get(command) ?? []
      const choices = [known, ...subsets(sent).filter(fields => fields.length > known.length)]
      const { reply, fields } = await first(choices, fields =>
        next({ ...args, input: without(args.input, fields) }),
      )
      if (fields.length > (dropped.get(command)?.length ?? 0)) {
        dropped.set(command, fields)
        logger.warn({ command, fields }, 'the S3 server does not implement these: going on without them')
      }
      return reply
    },
    { step: 'initialize', name: 'goWithoutWhatIsNotImplemented' },
  )
}

/** Of two at most, smaller ones first. */
const subsets = (fields: readonly string[]): (readonly string[])[] =>
  fields.length > 1 ? [...fields.map(field => [field]), fields] : fields.map(field => [field])

const without = <Input extends ServiceInputTypes>(input: Input, fields: readonly string[]): Input => {
  const rest = { ...input }
  for (const field of fields) Reflect.deleteProperty(rest, field)
  return rest
}

export const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined

/** Refusals that say that the bytes were harmed or broken off on their way, or that there were too many requests. */
const PASSING = new Set([
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
  'IncompleteBody',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'SlowDown',
  'ConditionalRequestConflict',
  'OperationAborted',
])

/** A refusal by S3 is a bug of ours or of the configuration, and told as it is; all else is S3 being away. */
export const translateS3 = (error: unknown): unknown => {
  if (error instanceof Problem) return error
  const status = statusOf(error)
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429
  if (refused && error instanceof Error && !PASSING.has(error.name)) return error
  return unavailable('The file store did not answer in time.', 1, error)
}
