import { z } from 'zod'
import { routesOf } from '../../src/app.ts'
import { templateOf } from '../../src/http/openapi.ts'
import { ProblemDetails } from '../../src/http/problem.ts'
import type { TestApp } from './app.ts'
import type { Reply } from './exchange.ts'
import { parsed } from './parsed.ts'

const Schema = z.record(z.string(), z.unknown())
export type Schema = z.infer<typeof Schema>

const Media = z.object({ schema: Schema.default({}), example: z.unknown().optional() })
const Response = z.object({ description: z.string(), content: z.record(z.string(), Media).optional() })
const Operation = z.object({
  summary: z.string(),
  operationId: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean(),
      schema: Schema,
    }),
  ),
  requestBody: z.object({ content: z.record(z.string(), Media) }).optional(),
  responses: z.record(z.string(), z.union([Response, z.object({ $ref: z.string() })])),
})

const Document = z.object({
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({
    schemas: z.record(z.string(), Schema),
    responses: z.record(z.string(), Response),
    securitySchemes: z.record(z.string(), Schema),
  }),
})
export type Document = z.infer<typeof Document>

/** One operation of the document with the place where it stands. */
export type Described = z.infer<typeof Operation> & { method: string; template: string }

/** The document as the running app serves it. */
export const fetchDocument = async (app: Pick<TestApp, 'url'>): Promise<Document> =>
  Document.parse(await (await fetch(`${app.url}/openapi.json`)).json())

export const operationsOf = ({ paths }: Document): Described[] =>
  Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      template,
    })),
  )

/** The schema and the example of an operation's body, where JSON is all that it takes. */
export const jsonBodyOf = ({ requestBody }: Described) => {
  const [[type, media] = [], ...others] = Object.entries(requestBody?.content ?? {})
  return type === 'application/json' && others.length === 0 ? media : undefined
}

/** What is wrong with the reply to an operation, going by the document and the schemas; null when nothing is. */
export type Checker = (operation: Described, reply: Reply) => string | null

export const createChecker = (app: Pick<TestApp, 'context'>): Checker => {
  const specs = new Map(
    routesOf(app.context).map(({ spec }) => [`${spec.method.toUpperCase()} ${templateOf(spec.path)}`, spec]),
  )

  const problems = new Map<number, z.ZodType>()
  const problemOf = (status: number) => {
    const schema = problems.get(status) ?? ProblemDetails.extend({ status: z.literal(status) })
    problems.set(status, schema)
    return schema
  }

  const faultInJson = (schema: z.ZodType, type: string, { headers, text }: Reply) => {
    if (headers.get('content-type') !== type) return `its type is ${headers.get('content-type')}`
    const read = schema.safeParse(parsed(text))
    return read.success ? null : `its body is not as documented: ${z.prettifyError(read.error)}`
  }

  const faultInBytes = ({ headers }: Reply) =>
    headers.get('accept-ranges') === 'bytes' ? null : 'it does not tell that parts can be had'

  const faultInBody = (operation: Described, reply: Reply) => {
    const { status } = reply
    const spec = specs.get(`${operation.method} ${operation.template}`)
    const schema = status === spec?.status ? spec.reply : spec?.otherReplies?.[status]
    if (schema) return faultInJson(schema, 'application/json; charset=utf-8', reply)
    if (spec?.sends && [spec.status, 206].includes(status)) return faultInBytes(reply)
    if (status < 400) return reply.text === '' ? null : 'it has a body'
    return faultInJson(problemOf(status), 'application/problem+json', reply)
  }

  return (operation, reply) => {
    if (operation.responses[reply.status] === undefined) return 'its status is not documented'
    if (reply.headers.get('x-request-id') === null) return 'it has no X-Request-Id'
    return faultInBody(operation, reply)
  }
}
