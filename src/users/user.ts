import { z } from 'zod'
import { count, hasLength, id, text, timestamp } from '../lib/fields.ts'

/** The name that others see. Surrounding space is cut off. */
export const Name = z
  .string()
  .trim()
  .pipe(text(1, 100).refine(name => !/\p{Cc}/u.test(name), 'must not hold control characters'))
  .meta({
    minLength: 1,
    maxLength: 100,
    pattern: '^\\P{Cc}*[^\\s\\p{Cc}]\\P{Cc}*$',
    examples: ['Ann Example'],
  })

/** At most 254 characters (RFC 5321). Kept as it was typed; two that differ in case are the same. */
export const Email = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email('must be an e-mail address'))
  .meta({ format: 'email', pattern: z.regexes.email.source, maxLength: 254, examples: ['ann@example.com'] })

const PROFILE_KEYS = 20
const PROFILE_BYTES = 1024

const isProfileKey = (key: string) => key !== '__proto__' && hasLength(key, 1, 64) && key.isWellFormed()

/** A flat object of strings, for the client's own use. Checked by hand: a record would lose `__proto__` silently. */
const ProfileInfo = z
  .custom<Record<string, string>>(value => z.looseObject({}).safeParse(value).success, 'must be an object')
  .superRefine((info, context) => {
    const entries = Object.entries(info)
    if (entries.length > PROFILE_KEYS) {
      context.addIssue({ code: 'custom', message: `must have at most ${PROFILE_KEYS} keys` })
    }
    for (const [key, value] of entries) {
      const fault = (message: string) => context.addIssue({ code: 'custom', message, path: [key] })
      if (!isProfileKey(key)) fault('is not an allowed key')
      else if (typeof value !== 'string' || !value.isWellFormed()) fault('must be a string')
      else if (Buffer.byteLength(value) > PROFILE_BYTES) fault(`must have at most ${PROFILE_BYTES} bytes`)
    }
  })
  .meta({
    type: 'object',
    maxProperties: PROFILE_KEYS,
    propertyNames: { minLength: 1, maxLength: 64, not: { const: '__proto__' } },
    // JSON Schema counts characters alone: the limit in bytes of UTF-8 is told in words and in a member of our own.
    additionalProperties: {
      type: 'string',
      maxLength: PROFILE_BYTES,
      'x-max-bytes': PROFILE_BYTES,
      description: `At most ${PROFILE_BYTES} bytes of UTF-8.`,
    },
    examples: [{ city: 'Lisbon', pronouns: 'she/her' }],
  })

export const ProfileChanges = z
  .strictObject({ name: Name.optional(), profile_info: ProfileInfo.optional() })
  .refine(changes => Object.keys(changes).length > 0, 'must change something')
  .meta({ id: 'ProfileChanges', minProperties: 1 })

export type ProfileChanges = z.output<typeof ProfileChanges>

/** A user as the table and the cache hold it: the same for every viewer. */
export interface UserRecord {
  user_id: string
  email: string
  name: string
  profile_info: Record<string, string>
  created_date: string
  followers_count: number
  following_count: number
  posts_count: number
  /** Those of the posts that everybody may see: others are told of no more. */
  public_posts_count: number
  /**
   * How posts reach the followers: written out to each of them while it is not there; `turning` while they are being
   * told to read them from the author, and written out still; `read` from then on. It never goes back.
   */
  fanout?: 'turning' | 'read'
}

/** Someone to show in the documentation. */
const ann = {
  user_id: '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60',
  name: 'Ann Example',
  profile_info: { city: 'Lisbon' },
  created_date: '2026-11-23T04:05:06.789Z',
  followers_count: 3,
  following_count: 5,
  posts_count: 8,
}

const shared = {
  user_id: id(),
  name: z.string(),
  profile_info: z.record(z.string(), z.string()),
  created_date: timestamp(),
  followers_count: count(),
  following_count: count(),
  posts_count: count(),
}

/** A user as they see themselves. */
export const SelfUser = z
  .strictObject({ ...shared, email: z.string() })
  .meta({ id: 'SelfUser', examples: [{ ...ann, email: 'ann@example.com' }] })

/** A user as others see them; `email` only to themselves, `viewer` only to others who are logged in. */
export const User = z
  .strictObject({
    ...shared,
    email: z.string().optional(),
    viewer: z.strictObject({ following: z.boolean(), followed_by: z.boolean() }).optional(),
  })
  .meta({ id: 'User', examples: [{ ...ann, viewer: { following: true, followed_by: false } }] })

/** Whoever wrote something. */
export const Author = z
  .strictObject({ user_id: id(), name: z.string() })
  .meta({ id: 'Author', examples: [{ user_id: ann.user_id, name: ann.name }] })

/** What is shown to everybody. */
export const publicPart = (user: UserRecord) => ({
  user_id: user.user_id,
  name: user.name,
  profile_info: user.profile_info,
  created_date: user.created_date,
  followers_count: user.followers_count,
  following_count: user.following_count,
})

/** A user as they see themselves. */
export const selfView = (user: UserRecord): z.infer<typeof SelfUser> => ({
  ...publicPart(user),
  email: user.email,
  posts_count: user.posts_count,
})
