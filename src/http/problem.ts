import type { ErrorRequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Logger } from '../infra/logger.ts'
import { type FieldError, Problem } from '../lib/errors.ts'
import { endTogether } from './end-together.ts'

/** Problem details (RFC 9457), as every non-2xx reply carries them. */
export const ProblemDetails = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    error: z.string(),
    errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })).optional(),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:plaza:problem:not_found',
        title: 'Not Found',
        status: 404,
        detail: 'There is no such post.',
        code: 'not_found',
        request_id: '0f8fad5b-d9cb-469f-a165-70867728950e',
        error: 'Not found',
      },
    ],
  })

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
}

/** The body of a problem's reply. Of a 500 it says nothing but that: the log has the cause. */
export const problemBody = (problem: Problem, requestId: string): z.infer<typeof ProblemDetails> => ({
  type: `urn:plaza:problem:${problem.code}`,
  title: TITLES[problem.status] ?? 'Error',
  status: problem.status,
  detail: problem.detail,
  code: problem.code,
  request_id: requestId,
  error: problem.message,
  ...(problem.options.errors && { errors: problem.options.errors }),
})

/** A body can hold tens of thousands of wrong fields: a reply that told them all would be larger than it. */
const MOST_ERRORS = 100

/** 422 with the wrong fields; `inBody` fields are told as JSON pointers, others by their names. */
export const invalid = (error: z.ZodError, inBody: boolean): Problem => {
  const errors = error.issues.flatMap((issue): FieldError[] => {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map(key => [...issue.path, key]) : [issue.path]
    const message = issue.code === 'unrecognized_keys' ? 'is not a known field' : issue.message
    return paths.map(path => ({
      pointer: inBody
        ? `#${path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`
        : String(path[0] ?? ''),
      message,
    }))
  })
  return new Problem(422, 'validation_failed', 'Validation failed', 'Some fields are not as they must be.', {
    errors: errors.slice(0, MOST_ERRORS),
  })
}

/** The value of a field of a body that was read by other means than an endpoint's. 422 */
export const checked = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalid(parsed.error, true)
  return parsed.data
}

/** What body-parser and the router throw, by their `type`, or by their name where they have none. */
const FOREIGN: Record<string, Problem> = {
  'entity.parse.failed': new Problem(400, 'malformed_json', 'Malformed JSON', 'The body is not valid JSON.'),
  'entity.too.large': new Problem(
    413,
    'body_too_large',
    'Body too large',
    'The body may have at most 256 KiB.',
  ),
  'encoding.unsupported': new Problem(
    415,
    'unsupported_type',
    'Unsupported type',
    'Send the body uncompressed.',
  ),
  'charset.unsupported': new Problem(415, 'unsupported_type', 'Unsupported type', 'Send the body in UTF-8.'),
  'request.aborted': new Problem(400, 'request_aborted', 'Request aborted', 'The body ended too early.'),
  'request.size.invalid': new Problem(
    400,
    'request_aborted',
    'Request aborted',
    'The body is not as long as stated.',
  ),
  URIError: new Problem(400, 'malformed_path', 'Malformed path', 'The path has a malformed escape sequence.'),
}

const internal = (cause: unknown) =>
  new Problem(500, 'internal', 'Internal server error', 'Something went wrong on our side.', { cause })

/** The one place that turns whatever was thrown, strings included, into a Problem. */
export const toProblem = (thrown: unknown): Problem => {
  if (thrown instanceof Problem) return thrown
  if (!(thrown instanceof Error)) return internal(thrown)
  // An error that bears no status is nobody's answer to a request: it is a fault of ours, whatever it is called.
  if (!('status' in thrown)) return internal(thrown)
  const type = 'type' in thrown ? String(thrown.type) : thrown.name
  return (Object.hasOwn(FOREIGN, type) && FOREIGN[type]) || internal(thrown)
}

/** Sends a problem and takes back what the handler may have set for its success. */
const sendProblem = (res: Response, problem: Problem) => {
  for (const name of ['ETag', 'Location', 'Content-Disposition']) res.removeHeader(name)
  res.status(problem.status)
  res.set('Cache-Control', 'no-store')
  if (problem.options.retryAfter !== undefined) res.set('Retry-After', String(problem.options.retryAfter))
  if (problem.options.headers) res.set(problem.options.headers)
  res.type('application/problem+json')
  endTogether(res, JSON.stringify(problemBody(problem, res.locals.requestId)))
}

/** The last middleware: errors are mapped, logged and answered here and nowhere else. */
export const problemHandler =
  (logger: Logger): ErrorRequestHandler =>
  (thrown, _req, res, _next) => {
    const problem = toProblem(thrown)
    const { code } = problem
    if (problem.status >= 500) {
      const cause = problem.options.cause ?? problem
      const level = problem.status === 500 ? 'error' : 'warn'
      logger[level]({ request_id: res.locals.requestId, err: cause, code }, problem.detail)
    }
    res.locals.code = code
    // The connection is cut, so that the client sees that the reply is not whole.
    if (res.headersSent) res.destroy()
    else sendProblem(res, problem)
  }
