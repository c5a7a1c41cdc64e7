import type { z } from 'zod'
import type { Description } from './endpoint.ts'
import { limitsOf } from './limits.ts'
import { createSchemas, isJson, type Json, type Schemas } from './openapi-schemas.ts'
import { ProblemDetails } from './problem.ts'

const parametersOf = (
  schemas: Schemas,
  schema: z.ZodType | undefined,
  place: 'path' | 'query' | 'header',
) => {
  if (!schema) return []
  const { properties, required } = schemas.of(schema, 'input')
  return Object.entries(isJson(properties) ? properties : {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (Array.isArray(required) && required.includes(name)),
    schema: property,
    ...(isJson(property) && property.type === 'array' && { style: 'form', explode: true }),
  }))
}

const PROBLEM_TEXT: Record<number, string> = {
  400: 'The request cannot be parsed, or its cursor is not from this list.',
  401: 'No valid access token, or wrong credentials.',
  403: 'The viewer can see it and may not change it.',
  404: 'It does not exist, or the viewer may not see it.',
  405: 'The path has no such method.',
  408: 'The body took too long to arrive.',
  409: 'It conflicts with what is there, or with the same request, which is not answered yet.',
  411: 'The length of the body must be stated.',
  413: 'The body is too large.',
  415: 'The body is not of a type that is taken.',
  416: 'The range begins past the end.',
  422: 'It can be parsed and is wrong.',
  429: 'Too often; try again after Retry-After seconds.',
  500: 'A fault on our side; the log has it under the same request id.',
  507: 'There is not enough room left.',
  503: 'A limit is reached or a backend is away; try again after Retry-After seconds.',
}

/** Every problem that an operation can answer with: its own, and those that follow from what it takes. */
const problemsOf = (spec: Description): number[] => {
  const statuses = new Set([...(spec.problems ?? []), 400, 500, 503])
  if (spec.auth !== 'none') statuses.add(401)
  if (spec.params) statuses.add(404)
  if (spec.query) statuses.add(422)
  if (spec.body || spec.reads) for (const status of [408, 413, 415, 422]) statuses.add(status)
  if (spec.sends) statuses.add(416)
  if (limitsOf(spec).length > 0) statuses.add(429)
  return [...statuses].sort()
}

/** How a schema's values travel, with one of them to show. */
const jsonContent = (schemas: Schemas, schema: z.ZodType, side: 'input' | 'output') => {
  const json = schemas.of(schema, side)
  return { 'application/json': { schema: json, example: schemas.example(json) } }
}

/** Bytes as OpenAPI 3.1 describes them: content of a media type, without a schema of their own. */
const bytesReplies = (type: string): [number, Json][] => [
  [206, { description: 'The part that was asked for.', content: { [type]: {} } }],
  [304, { description: 'The copy that the client has is still good.' }],
]

/** A list in a form is one field with JSON in it; left to OpenAPI each item would be a field. */
const listsAsJson = ({ properties }: Json): Json => {
  const fields = Object.entries(isJson(properties) ? properties : {})
  const lists = fields.filter(([, field]) => isJson(field) && field.type === 'array')
  return Object.fromEntries(lists.map(([name]) => [name, { contentType: 'application/json' }]))
}

const bodiesOf = (schemas: Schemas, spec: Description): Json => ({
  ...(spec.body && jsonContent(schemas, spec.body, 'input')),
  ...Object.fromEntries(
    Object.entries(spec.reads ?? {}).map(([type, schema]) => {
      if (type === 'application/json') return [type, jsonContent(schemas, schema, 'input')[type]]
      const json = schemas.of(schema, 'input')
      return [type, { schema: json, encoding: listsAsJson(json) }]
    }),
  ),
})

/** Where every field has a default the body itself can be left out. */
const maybeEmpty = ({ body }: Description) => body?.safeParse(undefined).success === true

const RATE_LIMIT_HEADERS = {
  'RateLimit-Limit': {
    description: 'Of the limit of which the least is left: how much there is in one window.',
    schema: { type: 'integer' },
  },
  'RateLimit-Remaining': { description: 'How much of it is left.', schema: { type: 'integer' } },
  'RateLimit-Reset': {
    description: 'Seconds until all of it is there again.',
    schema: { type: 'integer' },
  },
}

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } }

const PROBLEM_HEADERS: Record<number, Json> = {
  429: { ...RETRY_AFTER, ...RATE_LIMIT_HEADERS },
  503: RETRY_AFTER,
}

const responsesOf = (schemas: Schemas, spec: Description): Json => {
  const headers = {
    'X-Request-Id': { schema: { type: 'string' } },
    ...(limitsOf(spec).length > 0 && RATE_LIMIT_HEADERS),
    ...(spec.etag && { ETag: { schema: { type: 'string' } } }),
    ...(spec.location && { Location: { schema: { type: 'string' } } }),
  }
  const content = spec.sends ? { [spec.sends]: {} } : spec.reply && jsonContent(schemas, spec.reply, 'output')
  const success = { description: 'Done.', headers, ...(content && { content }) }
  const others = Object.entries(spec.otherReplies ?? {}).map(([status, schema]) => [
    status,
    {
      description: Number(status) < 400 ? 'Not done yet.' : 'Not in order.',
      content: jsonContent(schemas, schema, 'output'),
    },
  ])
  const problems = problemsOf(spec)
    .filter(status => spec.otherReplies?.[status] === undefined)
    .map(status => [status, { $ref: `#/components/responses/Problem${status}` }])
  return Object.fromEntries([
    [spec.status, success],
    ...(spec.etag ? [[304, { description: 'The copy that the client has is still good.' }]] : []),
    ...(spec.sends ? bytesReplies(spec.sends) : []),
    ...others,
    ...problems,
  ])
}

/** What is under which heading of the reference, in its order there. */
const TAGS = [
  { name: 'auth', description: 'Accounts, tokens and sessions' },
  { name: 'users', description: 'Profiles, and who follows whom' },
  { name: 'posts', description: 'Posts with their comments, reactions, shares and views' },
  { name: 'feed', description: 'What those whom one follows have posted' },
  { name: 'files', description: 'Files: stored, described, shared, and sent in one go or in parts' },
  { name: 'operations', description: 'What operators and tools ask' },
]

const OPERATIONS = new Set(['', 'health', 'ready', 'openapi.json'])

const tagOf = (path: string) => {
  const first = path.split('/')[1] ?? ''
  return OPERATIONS.has(first) ? 'operations' : first
}

const operationOf = (schemas: Schemas, spec: Description): Json => ({
  summary: spec.summary,
  operationId: `${spec.method}${spec.path.replaceAll(/[/:_.]+(\w)/g, (_, first: string) => first.toUpperCase()).replace(/\W+$/, 'Root')}`,
  tags: [tagOf(spec.path)],
  security: { none: [], optional: [{ bearer: [] }, {}], required: [{ bearer: [] }] }[spec.auth],
  parameters: [
    ...parametersOf(schemas, spec.params, 'path'),
    ...parametersOf(schemas, spec.query, 'query'),
    ...parametersOf(schemas, spec.headers, 'header'),
  ],
  ...((spec.body || spec.reads) && {
    requestBody: { required: !maybeEmpty(spec), content: bodiesOf(schemas, spec) },
  }),
  responses: responsesOf(schemas, spec),
})

/** Express's `/posts/:post_id` as OpenAPI writes it: `/posts/{post_id}`. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}')

const problemResponses = (problem: Json) =>
  Object.fromEntries(
    Object.entries(PROBLEM_TEXT).map(([status, description]) => [
      `Problem${status}`,
      {
        description,
        ...(PROBLEM_HEADERS[Number(status)] && { headers: PROBLEM_HEADERS[Number(status)] }),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  )

/** The OpenAPI 3.1 document of a set of operations, made from the schemas that validate. */
export const openApiDocument = (specs: readonly Description[], version: string) => {
  const schemas = createSchemas()
  const responses = problemResponses(schemas.of(ProblemDetails, 'output'))
  const paths: Record<string, Json> = {}
  for (const spec of specs) {
    const path = templateOf(spec.path)
    paths[path] = { ...paths[path], [spec.method]: operationOf(schemas, spec) }
  }
  return {
    openapi: '3.1.0' as const,
    info: {
      title: 'Plaza',
      version,
      description: 'The social and file-sharing backend that a team runs in its own AWS account.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: schemas.components,
      responses,
    },
  }
}
