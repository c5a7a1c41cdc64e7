/** One wrong place in a request: a JSON pointer (RFC 6901) into the body, or the name of a parameter. */
export interface FieldError {
  pointer: string
  message: string
}

interface ProblemOptions {
  /** Seconds after which a retry may succeed; sent as `Retry-After`. */
  retryAfter?: number
  /** Every wrong field, when there are any to name. */
  errors?: FieldError[]
  /** Further response headers. */
  headers?: Record<string, string>
  cause?: unknown
}

/**
 * The one error that the service throws on purpose. `code` is the stable snake_case word of the public
 * contract, `error` the short text, `detail` the longer one; `http/problem.ts` alone turns it into a reply.
 */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly options: ProblemOptions

  constructor(status: number, code: string, error: string, detail = error, options: ProblemOptions = {}) {
    super(error, { cause: options.cause })
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.detail = detail
    this.options = options
  }
}

/** 404. Also for what exists but may not be seen by this viewer. */
export const notFound = (what: string) =>
  new Problem(404, 'not_found', 'Not found', `There is no such ${what}.`)

/** 403. For what the viewer can see and may not change. */
export const forbidden = (detail: string) => new Problem(403, 'forbidden', 'Forbidden', detail)

/** 503 with `Retry-After` in seconds: the service is at a limit or a backend is away. */
export const unavailable = (detail: string, retryAfter: number, cause?: unknown) =>
  new Problem(503, 'unavailable', 'Service unavailable', detail, { retryAfter, cause })

/**
 * What stops the process from starting, in one sentence for a person: `main.ts` prints the message alone to
 * stderr and exits with code 1.
 */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartupError'
  }
}
