import { z } from 'zod'

const MOST_TAGS = 10

/**
 * Letters, digits, `_` and `-`; kept in lower case. A few letters come apart into one and a mark by that (İ): the
 * mark goes, so that what is kept is itself a tag that could be sent.
 */
export const Tag = z
  .string()
  .regex(/^[\p{L}\p{N}_-]{1,50}$/u, 'must be 1 to 50 letters, digits, _ or -')
  .transform(tag => tag.normalize('NFC').toLowerCase().replaceAll(/\p{M}/gu, ''))
  .meta({ examples: ['travel'] })

const unique = (tags: string[]) => [...new Set(tags)]

/** At most ten, each once. */
export const Tags = z.array(Tag).max(MOST_TAGS).transform(unique)

const TIMES = `must be given 1 to ${MOST_TAGS} times`

/** `?tag=a&tag=b`: the one query parameter that is meant to be repeated. It comes as a string when it is there once. */
export const TagParameter = z.preprocess(
  sent => (typeof sent === 'string' ? [sent] : sent),
  z.array(Tag, TIMES).min(1, TIMES).max(MOST_TAGS, TIMES).transform(unique),
)
