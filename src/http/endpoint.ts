import { AsyncResource } from 'node:async_hooks'
import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import type { z } from 'zod'
import { notFound, Problem } from '../lib/errors.ts'
import { answerWithin } from './answer-within.ts'
import { endTogether } from './end-together.ts'
import type { Limited } from './limits.ts'
import { invalid } from './problem.ts'
import { type Bytes, sendBytes } from './send-bytes.ts'
import type { Viewer } from './viewer.ts'

/** none: the token is not looked at. optional: the viewer is null without one; a wrong one is still 401. */
export type Auth = 'none' | 'optional' | 'required'

type ViewerOf<A extends Auth> = A extends 'required' ? Viewer : A extends 'optional' ? Viewer | null : null
type Parsed<S extends z.ZodType | undefined> = S extends z.ZodType ? z.output<S> : undefined
type Sent<S extends z.ZodType | undefined> = S extends z.ZodType ? z.input<S> : unknown
type Given<R extends z.ZodType | undefined> = Sent<R> | OtherReply | BytesReply

/** What is known of an operation whatever its types are: this is what gets mounted and documented. */
export interface Description extends Limited {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With parameters as `:name`. */
  path: string
  summary: string
  auth: Auth
  params?: z.ZodType | undefined
  query?: z.ZodType | undefined
  body?: z.ZodType | undefined
  /** Takes as long as a file is large. */
  slow?: boolean
  /** Bodies that the handler reads from `req` by itself, by their media type; only described here. */
  reads?: Record<string, z.ZodType>
  /** Headers that the handler reads from `req` by itself; only described here. */
  headers?: z.ZodType
  /** Left out where the reply has no body. */
  reply?: z.ZodType | undefined
  /** The media type of a reply of bytes, which can be asked for in part. */
  sends?: string
  status: number
  /** Further replies that are no problems, by their status. */
  otherReplies?: Record<number, z.ZodType>
  /** Statuses of the problems to expect besides those that every such route has. */
  problems?: readonly number[]
  /** The reply carries a secret and must not be stored anywhere. */
  secret?: boolean
  /** A single resource: gets a weak ETag, and 304 where the client's copy is still good. */
  etag?: boolean
  /** The value of `Location`, for what was created. */
  location?: ((reply: never) => string) | undefined
}

type Schema = z.ZodType | undefined

/** One operation of the API: its schemas give the types of what the handler takes and gives. */
export interface EndpointSpec<
  A extends Auth,
  P extends Schema,
  Q extends Schema,
  B extends Schema,
  R extends Schema,
> extends Description {
  auth: A
  params?: P
  query?: Q
  body?: B
  reply?: R
  location?: (reply: Sent<R>) => string
}

interface Input<A extends Auth, P, Q, B> {
  params: P
  query: Q
  body: B
  viewer: ViewerOf<A>
  /** Names the user in the log whose account this is about: of those who come in there is no viewer yet. */
  concerns: (userId: string) => void
  /** For what does not fit into values: bodies that are streams, and from where it came. */
  req: Request
}

/** A reply with another status than the endpoint's usual one. */
export class OtherReply {
  readonly status: number
  readonly body: object

  constructor(status: number, body: object) {
    this.status = status
    this.body = body
  }
}

/** Bytes instead of JSON. */
export class BytesReply {
  readonly bytes: Bytes

  constructor(bytes: Bytes) {
    this.bytes = bytes
  }
}

/** An operation ready to be mounted; `spec` also makes its part of the OpenAPI document. */
export interface Endpoint {
  spec: Description
  /** Parses the body, where one is taken. Runs after authentication. */
  bodyParser: RequestHandler | null
  handle(req: Request, res: Response, options: HandleOptions): Promise<void>
}

export interface HandleOptions {
  /** Hold the reply against its schema (in tests and development). */
  checkReplies: boolean
  /** Milliseconds after which a handler that reads no stream is not waited for. */
  answerWithinMs: number
}

/** JSON that is exchanged is UTF-8 (RFC 8259, 8.1); body-parser would take other encodings and mend broken bytes. */
const utf8Only = (_req: unknown, _res: unknown, body: Buffer, charset: string) => {
  const type = charset === 'utf-8' ? 'entity.parse.failed' : 'charset.unsupported'
  if (charset !== 'utf-8' || !isUtf8(body)) throw Object.assign(new Error('the body is not UTF-8'), { type })
}

const json = express.json({ limit: '256kb', inflate: false, strict: false, verify: utf8Only })

/** A JSON body is small: whoever takes longer to send one holds a connection and sends nothing. */
const SLOWEST_BODY_MS = 30_000

const inTime = (req: Request, res: Response, parser: RequestHandler, next: NextFunction) => {
  let over = false
  // The body's events come in the context of the connection: what the request may still wait for is to go on with it.
  const settle = AsyncResource.bind((error?: unknown) => {
    clearTimeout(timer)
    if (!over) next(error)
    over = true
  })
  const timer = setTimeout(() => {
    res.set('Connection', 'close')
    settle(new Problem(408, 'request_timeout', 'Request timed out', 'The body took too long to arrive.'))
  }, SLOWEST_BODY_MS)
  parser(req, res, settle)
}

const parseBody: RequestHandler = (req, res, next) => {
  const sent =
    req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
  if (sent && !req.is('application/json')) {
    next(new Problem(415, 'unsupported_type', 'Unsupported type', 'Send the body as application/json.'))
  } else inTime(req, res, json, next)
}

/** A stream takes as long as it takes, and has its own time limits. */
const patience = (spec: Description, ms: number) => (spec.reads || spec.slow ? Number.POSITIVE_INFINITY : ms)

const parse = <S extends Schema>(
  schema: Schema,
  value: unknown,
  fail: (e: z.ZodError) => Problem,
): Parsed<S> => {
  const parsed = schema?.safeParse(value)
  if (parsed && !parsed.success) throw fail(parsed.error)
  return parsed?.data as Parsed<S>
}

// Headers are set on node's own level: Express looks up types and charsets anew for each reply.
const cacheHeaders = (res: Response, spec: Description) => {
  if (spec.secret) res.setHeader('Cache-Control', 'no-store')
  else if (spec.auth === 'none') res.setHeader('Cache-Control', 'no-cache')
  else {
    res.setHeader('Cache-Control', 'private, no-cache')
    const others = res.getHeader('Vary')
    res.setHeader('Vary', others === undefined ? 'Authorization' : `${others}, Authorization`)
  }
}

/**
 * Whether the client has this very representation (RFC 9110, 13.1.2: tags are compared weakly). Not `req.fresh`: that
 * says no to every request with `Cache-Control: no-cache`, which fetch adds by itself to one with If-None-Match.
 */
export const hasCopy = (req: Request, etag: string) => {
  const asked = req.headers['if-none-match']
  if (asked === undefined) return false
  return asked.trim() === '*' || asked.match(/"[^"]*"/g)?.includes(etag.replace('W/', '')) === true
}

const send = (req: Request, res: Response, spec: Description, status: number, body: unknown) => {
  cacheHeaders(res, spec)
  res.statusCode = status
  if (body === undefined) return endTogether(res)
  const text = JSON.stringify(body)
  if (spec.etag) {
    const etag = `W/"${hash('sha1', text, 'base64url')}"`
    res.setHeader('ETag', etag)
    if (hasCopy(req, etag)) {
      res.statusCode = 304
      return endTogether(res)
    }
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  endTogether(res, req.method === 'HEAD' ? undefined : text)
}

/**
 * Makes an operation out of its description and its handler, which gets parsed values and gives plain data.
 * Wrong path parameters are 404 (there is no such thing), a wrong query or body is 422 with every fault.
 */
export const endpoint = <
  A extends Auth,
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
  R extends Schema = undefined,
>(
  spec: EndpointSpec<A, P, Q, B, R>,
  handler: (input: Input<A, Parsed<P>, Parsed<Q>, Parsed<B>>) => Given<R> | Promise<Given<R>>,
): Endpoint => ({
  spec,
  bodyParser: spec.body ? parseBody : null,

  async handle(req, res, { checkReplies, answerWithinMs }) {
    const input = {
      params: parse<P>(spec.params, req.params, () => notFound('resource')),
      query: parse<Q>(spec.query, req.query, error => invalid(error, false)),
      body: parse<B>(spec.body, req.body, error => invalid(error, true)),
      viewer: (res.locals.viewer ?? null) as ViewerOf<A>,
      concerns: (userId: string) => {
        res.locals.account = userId
      },
      req,
    }
    const given = await answerWithin(patience(spec, answerWithinMs), () => handler(input))
    if (given instanceof OtherReply) {
      if (checkReplies) spec.otherReplies?.[given.status]?.parse(given.body)
      return send(req, res, spec, given.status, given.body)
    }
    if (given instanceof BytesReply) {
      cacheHeaders(res, spec)
      return sendBytes(req, res, given.bytes)
    }
    if (checkReplies) spec.reply?.parse(given)
    if (spec.location) res.set('Location', spec.location(given))
    send(req, res, spec, spec.status, spec.reply && given)
  },
})
