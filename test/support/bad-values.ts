import { z } from 'zod'
import type { Schema } from './openapi-checker.ts'

const Limits = z.object({
  type: z.string(),
  minLength: z.number().default(0),
  maxLength: z.number().default(0),
  maxItems: z.number().default(0),
  maxProperties: z.number().default(0),
  minimum: z.number().default(Number.NEGATIVE_INFINITY),
  maximum: z.number().default(Number.POSITIVE_INFINITY),
  items: z.object({ type: z.string().optional() }).default({}),
})

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']))

/** JSON of every wrong type, and of the right type in every wrong form, as far as a schema tells what is right. */
export const badJson = (schema: Schema): string[] => {
  const { type, minLength, maxLength, maxItems, maxProperties, minimum, maximum, items } =
    Limits.parse(schema)
  const ofNumbers = items.type === 'integer'
  const anyType = ['null', '{"a":{"b":[[{}]]}}', '[["a"]]', '1e999', '-0', '[null]']
  const wrong: Record<string, string[]> = {
    string: [
      ...['0', '1e308', '9007199254740993', 'true', '[]', '{}', '["a"]', '{"length":9}', '{"toString":"x"}'],
      ...['"\\ud800"', '"valid until here \\udfff"', '"\\udc00\\ud800 the wrong way round"'],
      JSON.stringify('a'.repeat(maxLength + 1)),
      JSON.stringify('\u{1f600}'.repeat(maxLength + 1)),
      JSON.stringify('a'.repeat(200_000)),
      ...(minLength > 0 ? ['""', JSON.stringify('a'.repeat(minLength - 1))] : []),
    ],
    integer: [
      ...['"1"', '""', 'true', '[]', '[1]', '{}', '1.5', '1e308', '9007199254740993'],
      ...(Number.isFinite(minimum) ? [String(minimum - 1)] : []),
      ...(maximum < Number.MAX_SAFE_INTEGER ? [String(maximum + 1)] : []),
    ],
    boolean: ['0', '1', '""', '"true"', '"false"', '[]', '{}', '[true]'],
    array: [
      ...[
        '0',
        'true',
        '""',
        '"a"',
        '{}',
        '{"0":"a","length":1}',
        ofNumbers ? '[1.5]' : '[1]',
        '[[]]',
        '[{}]',
        '[true]',
        '["\\ud800"]',
      ],
      ...['[""]', '["a b"]', '["a\\u0000"]', '["a\\u202e"]', `["${'a'.repeat(51)}"]`],
      JSON.stringify(Array.from({ length: maxItems + 1 }, (_, at) => (ofNumbers ? 1 : `a${at}`))),
    ],
    object: [
      ...['0', 'true', '""', '"a"', '[]', '["a"]', '{"a":1}', '{"a":null}', '{"a":[]}', '{"a":{"b":"c"}}'],
      ...['{"a":"\\ud800"}', '{"\\ud800":"a"}', '{"":"a"}', `{"${'k'.repeat(65)}":"a"}`],
      ...['{"__proto__":{"polluted":"yes"}}', '{"\\u005f_proto__":"a"}', '{"a":"b","__proto__":"c"}'],
      JSON.stringify(keys(maxProperties + 1)),
      JSON.stringify({ a: 'a'.repeat(1025) }),
      JSON.stringify({ a: '\u{1f600}'.repeat(257) }),
    ],
  }
  return [...anyType, ...(wrong[type] ?? [])]
}

/** A JSON object with a field in the place of another, or added. */
export const withField = (value: object, name: string, json: string): string => {
  const others = Object.entries(value).filter(([key]) => key !== name)
  const fields = others.map(([key, field]) => `${JSON.stringify(key)}:${JSON.stringify(field)}`)
  return `{${[...fields, `"${name}":${json}`].join()}}`
}
