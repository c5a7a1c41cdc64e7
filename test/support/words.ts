/** What ids, tokens and cursors look like, and hardly anything else does. */
const WORD = /[\w.-]{16,}/g
const WHOLE = /^[\w.-]{16,}$/

export const wordsIn = (text: string): string[] => text.match(WORD) ?? []

export const withWords = (text: string, change: (word: string) => string) => text.replace(WORD, change)

/** A word of a reply, and where in its JSON it stands: `.post.post_id`. */
export type Learned = [place: string, word: string]

/** Of a long list the first few: requests are made from no more of it. */
const MOST = 3

/** The words that a reply teaches. */
export const learnedFrom = (value: unknown, place = ''): Learned[] => {
  if (typeof value === 'string') return WHOLE.test(value) ? [[place, value]] : []
  if (Array.isArray(value))
    return value.slice(0, MOST).flatMap((one, at) => learnedFrom(one, `${place}[${at}]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) =>
    /^\w+$/.test(name) ? learnedFrom(one, `${place}.${name}`) : [],
  )
}

/** Whose an access token is, and of which session. Nothing of it is checked. */
export const holderOf = (authorization: string | undefined): { sub?: string; sid?: string } => {
  const [, claims] = /^Bearer \w[\w-]*\.([\w-]+)\.[\w-]+$/.exec(authorization ?? '') ?? []
  try {
    return JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) ?? {}
  } catch {
    return {}
  }
}
