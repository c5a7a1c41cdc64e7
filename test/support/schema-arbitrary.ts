import fc from 'fast-check'
import { z } from 'zod'
import { codePoint } from './code-point.ts'
import type { Schema } from './openapi-checker.ts'

const Nested = z.record(z.string(), z.unknown())

/** What is looked at of a JSON Schema; the rest does not narrow down what is valid here. */
const Constraints = z.object({
  $ref: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(Nested).optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  minLength: z.number().default(0),
  maxLength: z.number().default(2000),
  /** Ours: JSON Schema can only count characters. */
  'x-max-bytes': z.number().default(Number.POSITIVE_INFINITY),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: Nested.default({}),
  minItems: z.number().default(0),
  maxItems: z.number().default(20),
  properties: z.record(z.string(), Nested).default({}),
  required: z.array(z.string()).default([]),
  additionalProperties: z.union([z.boolean(), Nested]).default(true),
  propertyNames: z.object({ minLength: z.number(), maxLength: z.number() }).optional(),
  minProperties: z.number().default(0),
  maxProperties: z.number().default(20),
})
type Constraints = z.infer<typeof Constraints>

/** Characters that are counted, stored, compared or shown in different ways. */
const TROUBLE = [
  'a',
  'é',
  '\u00df',
  '\u4e16',
  '\u{1f600}',
  '\u202e',
  '\u0000',
  '\u0301',
  '\ufeff',
  '"',
  '\u2028',
]

const text = (minLength: number, maxLength: number) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: codePoint, minLength, maxLength }) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength, maxLength }) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...TROUBLE), fc.constantFrom(minLength, maxLength))
        .map(([unit, times]) => unit.repeat(times)),
    },
  )

const email = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9_+-]{1,30}$/), fc.domain())
  .map(([local, domain]) => `${local}@${domain}`)

/** fc.webUrl makes that table too (see code-point.ts). */
const segment = fc.string({
  unit: fc.oneof(fc.constantFrom(..."aZ09-._~!$&'()*+,;=:@"), codePoint.map(encodeURIComponent)),
})
const uri = fc
  .tuple(fc.domain(), fc.array(segment), fc.option(segment))
  .map(
    ([domain, path, query]) => `https://${[domain, ...path].join('/')}${query === null ? '' : `?${query}`}`,
  )

const strings = (schema: Constraints) => {
  const { format, minLength, maxLength } = schema
  const pattern = schema.pattern === undefined ? undefined : new RegExp(schema.pattern, 'u')
  const fits = (value: string) =>
    value.isWellFormed() &&
    Array.from(value).length >= minLength &&
    Array.from(value).length <= maxLength &&
    Buffer.byteLength(value) <= schema['x-max-bytes'] &&
    (pattern?.test(value) ?? true)
  const all = () => {
    if (format === 'email') return email
    if (format === 'uri') return uri
    // Nearly any text fits what only excludes something; to follow such a pattern takes seconds to prepare.
    return pattern?.source.startsWith('^') && !pattern.source.includes('\\P{')
      ? fc.stringMatching(pattern, { maxLength: Math.min(maxLength, 200) })
      : text(minLength, maxLength)
  }
  return all().filter(fits)
}

/**
 * Makes values that are valid by a schema of an OpenAPI document.
 * @param components the document's schemas, for references
 * @param known fields of which the document cannot tell everything, by their names
 */
export const createValid = (
  components: Record<string, Schema>,
  known: Record<string, fc.Arbitrary<unknown>>,
) => {
  // Some take long to prepare, and most stand in several places of a document.
  const prepared = new Map<string, fc.Arbitrary<unknown>>()

  const objects = (schema: Constraints): fc.Arbitrary<unknown> => {
    const { properties, required, additionalProperties, minProperties, maxProperties } = schema
    if (typeof additionalProperties === 'object') {
      const { minLength, maxLength } = schema.propertyNames ?? { minLength: 0, maxLength: 64 }
      const key = fc
        .oneof(
          text(minLength, maxLength),
          fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'a.b', '#'),
        )
        .filter(name => name !== '__proto__' && Array.from(name).length <= maxLength)
      return fc.dictionary(key, valid(additionalProperties), {
        minKeys: minProperties,
        maxKeys: maxProperties,
        noNullPrototype: true,
      })
    }
    const fields = Object.entries(properties).map(([name, property]) => [
      name,
      known[name] ?? valid(property),
    ])
    return fc
      .record<Record<string, unknown>>(Object.fromEntries(fields), { requiredKeys: required })
      .filter(value => Object.keys(value).length >= minProperties)
  }

  const ofType = (type: string | undefined, schema: Constraints): fc.Arbitrary<unknown> => {
    switch (type) {
      case 'string':
        return strings(schema)
      case 'integer':
        return fc.integer({
          ...(schema.minimum !== undefined && { min: schema.minimum }),
          ...(schema.maximum !== undefined && { max: Math.min(schema.maximum, 2 ** 31 - 1) }),
        })
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'array':
        return fc.array(valid(schema.items), { minLength: schema.minItems, maxLength: schema.maxItems })
      case 'object':
        return objects(schema)
      default:
        throw new Error(`cannot make what is valid by ${JSON.stringify(schema)}`)
    }
  }

  const valid = (given: Schema): fc.Arbitrary<unknown> => {
    const key = JSON.stringify(given)
    const arbitrary = prepared.get(key) ?? prepare(given)
    prepared.set(key, arbitrary)
    return arbitrary
  }

  const prepare = (given: Schema): fc.Arbitrary<unknown> => {
    const schema = Constraints.parse(given)
    if (schema.$ref !== undefined) return valid(components[schema.$ref.split('/').at(-1) ?? ''] ?? {})
    if (schema.enum) return fc.constantFrom(...schema.enum)
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valid))
    return fc.oneof(...[schema.type].flat().map(type => ofType(type, schema)))
  }
  return valid
}
