import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

export type Json = Record<string, unknown>

/** `input`: what a client sends, before defaults and transforms. `output`: what it gets. */
type Side = 'input' | 'output'

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const COMPONENTS = '#/components/schemas/'

/** References within one schema become references to the document's components. */
const rereference = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(rereference)
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', COMPONENTS)
        : rereference(inner),
    ]),
  )
}

const record = (value: unknown): Json => (isJson(value) ? value : {})

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>

/** Zod leaves out the examples of what it transforms on its way in; ours are always of what is on the wire. */
const withExamples: Override = ({ zodSchema, jsonSchema }) => {
  const examples = z.globalRegistry.get(zodSchema)?.examples
  if (Array.isArray(examples)) jsonSchema.examples = examples
}

/** The JSON Schemas of one document. */
export interface Schemas {
  /** Schemas with an id (`.meta({ id })`) become components; everything else is written where it is used. */
  of(schema: z.ZodType, side: Side): Json
  /** An example that is told in the schema, or put together from those of its parts; undefined without any. */
  example(schema: Json): unknown
  components: Json
}

export const createSchemas = (): Schemas => {
  const components: Json = {}

  const define = (id: string, { id: _id, ...schema }: Json) => {
    const component = rereference(schema)
    const other = components[id]
    if (other !== undefined && !isDeepStrictEqual(other, component))
      throw new Error(`two schemas are called ${id}, or one that differs on its way in and out`)
    components[id] = component
    return { $ref: COMPONENTS + id }
  }

  /** Of a field that must be there and tells none itself: the plainest value that is valid. */
  const plainest = ({ type, enum: oneOf, minimum, contentEncoding }: Json): unknown => {
    if (Array.isArray(oneOf)) return oneOf[0]
    const plain: Json = {
      integer: Math.max(1, Number(minimum ?? 1)),
      boolean: false,
      object: {},
      string: contentEncoding === 'base64' ? 'SGVsbG8=' : 'string',
    }
    return plain[String(type)]
  }

  const example = (schema: Json): unknown => {
    const { $ref, examples, const: only, properties, items } = schema
    if (typeof $ref === 'string') return example(record(components[$ref.replace(COMPONENTS, '')]))
    if (Array.isArray(examples)) return examples[0]
    if (isJson(items)) return [example(items)]
    if (!isJson(properties)) return only
    const must = (key: string) => Array.isArray(schema.required) && schema.required.includes(key)
    const told = Object.entries(properties).map(([key, value]) => {
      const one = example(record(value))
      return [key, one === undefined && must(key) ? plainest(record(value)) : one]
    })
    return Object.fromEntries(told.filter(([, value]) => value !== undefined))
  }

  return {
    components,
    example,

    of(schema, side) {
      const { $schema, $defs, ...json } = z.toJSONSchema(schema, {
        io: side,
        unrepresentable: 'any',
        override: withExamples,
      })
      for (const [id, definition] of Object.entries($defs ?? {})) define(id, record(definition))
      const { id } = json
      return typeof id === 'string' ? define(id, json) : record(rereference(json))
    },
  }
}
