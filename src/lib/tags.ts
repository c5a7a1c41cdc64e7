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

/** At most ten, each once. */
export const Tags = z
  .array(Tag)
  .max(MOST_TAGS)
  .transform(tags => [...new Set(tags)])
