import { z } from 'zod'

/** Counted as people count, in code points, which is also how JSON Schema counts. */
export const hasLength = (text: string, min: number, max: number) => {
  // A string has at least half as many code points as it has UTF-16 units.
  if (text.length > 2 * max) return false
  const { length } = Array.from(text)
  return length >= min && length <= max
}

/** A stored string must be valid Unicode: a lone surrogate would come back as another character. */
const wellFormed = (text: string) => text.isWellFormed()

/** Text of `min` to `max` characters. With `min` of 1 or more it must not be blank. */
export const text = (min: number, max: number) =>
  z
    .string()
    .refine(wellFormed, 'must be valid Unicode')
    .refine(value => hasLength(value, min, max), `must have ${min} to ${max} characters`)
    .refine(value => min === 0 || value === '' || /\S/.test(value), 'must not be blank')
    .meta({ minLength: min, maxLength: max, ...(min > 0 && { pattern: '\\S' }) })

/** A UUIDv7 in its canonical lower-case spelling. */
export const id = () =>
  z
    .string()
    .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be an id')
    .meta({ format: 'uuid', examples: ['019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'] })

/** ISO 8601 in UTC with milliseconds. */
export const timestamp = () =>
  z.iso.datetime({ precision: 3 }).meta({ examples: ['2026-11-23T04:05:06.789Z'] })

/** A count: a whole number, never negative. */
export const count = () => z.int().min(0)

const DEFAULT_PAGE = 20
const LONGEST_PAGE = 100

/** A whole number in a query, where it comes as text. */
export const wholeNumber = (min: number, max: number, byDefault: number) =>
  z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number')
    .transform(Number)
    .refine(number => number >= min && number <= max, `must be from ${min} to ${max}`)
    .default(byDefault)
    .meta({
      type: 'integer',
      pattern: undefined,
      minimum: min,
      maximum: max,
      description: `${byDefault} when left out.`,
    })

/** `?limit=` and `?cursor=`, as every list takes them. */
export const Paging = z.strictObject({
  limit: wholeNumber(1, LONGEST_PAGE, DEFAULT_PAGE),
  cursor: text(1, 1000).optional(),
})

export type Paging = z.output<typeof Paging>

/** How every list ends: null only when nothing is left. */
export const nextCursor = () =>
  z
    .string()
    .nullable()
    .meta({ examples: [null] })
