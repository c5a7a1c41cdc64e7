import { z } from 'zod'
import type { Reply } from './exchange.ts'
import type { Judge, RequestStep } from './fuzz-steps.ts'
import type { Checker } from './openapi-checker.ts'
import { parsed } from './parsed.ts'
import { holderOf, wordsIn } from './words.ts'

/** By when a suspension holds on every instance. */
export const SUSPENDED_AFTER_MS = 1000

const Owned = z.object({ user_id: z.string() })
const Created = z.union([
  z
    .object({ post: Owned.extend({ post_id: z.string() }) })
    .transform(({ post }) => [post.post_id, post.user_id]),
  z
    .object({ comment: Owned.extend({ comment_id: z.string() }) })
    .transform(({ comment }) => [comment.comment_id, comment.user_id]),
  z
    .object({ file: Owned.extend({ file_id: z.string() }) })
    .transform(({ file }) => [file.file_id, file.user_id]),
])

const Invalid = z.object({
  code: z.literal('validation_failed'),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
})

const inPath = (template: string, path: string) => {
  const written = path.replace(/\?.*$/, '').split('/')
  return template.split('/').flatMap((part, at) => (part.startsWith('{') ? (written[at] ?? []) : []))
}

/** Only its owner may do that. */
const isForOwners = ({ method, template }: RequestStep['operation']) =>
  template.includes('{upload_id}') || (['PATCH', 'DELETE'].includes(method) && /_id\}$/.test(template))

/** Going by the document alone. */
const faultOf = (check: Checker, { operation, clean }: RequestStep, reply: Reply) => {
  const { status, text } = reply
  if (status >= 500 && operation.template !== '/ready') return `it failed with ${status}`
  // Other codes are about what there is, such as whom one cannot follow.
  const invalid = clean && status === 422 ? Invalid.safeParse(parsed(text)) : undefined
  if (invalid?.success)
    return `it is valid by the document and was refused: ${JSON.stringify(invalid.data.errors)}`
  return check(operation, reply)
}

/**
 * Holds replies against the document and against what was done before: what was deleted is gone, whose session has
 * ended or whose account is suspended is out, and what is somebody else's stays as it is.
 */
export const createJudge = (check: Checker): Judge => {
  const gone = new Set<string>()
  /** Sessions and users, and from when on. */
  const out = new Map<string, number>()
  const owners = new Map<string, string>()

  const isOut = (id: string | undefined) => (out.get(id ?? '') ?? Number.POSITIVE_INFINITY) <= Date.now()

  const ended = ({ operation: { method, template }, sent }: RequestStep) => {
    const { sid } = holderOf(sent.headers?.Authorization)
    if (template === '/auth/logout' && sid) out.set(sid, 0)
    const [id] = inPath(template, sent.path).slice(-1)
    if (method !== 'DELETE' || !template.endsWith('}') || id === undefined) return
    gone.add(id)
    if (template.endsWith('{session_id}')) out.set(id, 0)
  }

  const learn = (step: RequestStep, { status, text }: Reply) => {
    if (status === 204) ended(step)
    if (status !== 201) return
    const [id, owner] = Created.safeParse(parsed(text)).data ?? []
    if (id !== undefined && owner !== undefined) owners.set(id, owner)
  }

  /** What is wrong if it goes through. */
  const expectation = ({ operation, sent }: RequestStep) => {
    const { sub, sid } = holderOf(sent.headers?.Authorization)
    const ids = inPath(operation.template, sent.path)
    const named = wordsIn(typeof sent.body === 'string' ? sent.body : '')
    const owner = owners.get(ids.at(-1) ?? '')
    if (operation.security.length > 0 && [sub, sid].some(isOut)) return 'whoever is out was let in'
    if ([...ids, ...named].some(id => gone.has(id))) return 'what was deleted is still good for something'
    if (isForOwners(operation) && owner !== undefined && owner !== sub) return 'somebody else could do it'
    return null
  }

  return {
    suspended: userId => void out.set(userId, Date.now() + SUSPENDED_AFTER_MS),

    sending(step) {
      const expected = expectation(step)
      return reply => {
        if (reply === null) return 'it was not answered'
        learn(step, reply)
        const succeeded = reply.status < 300 && reply.headers.get('idempotent-replayed') === null
        return faultOf(check, step, reply) ?? (succeeded ? expected : null)
      }
    },
  }
}
