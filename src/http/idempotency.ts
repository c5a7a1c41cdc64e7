import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { z } from 'zod'
import { type Claim, ClaimLost, type Claims } from '../infra/dynamo/claims.ts'
import type { Along, Write } from '../infra/dynamo/write.ts'
import { Problem } from '../lib/errors.ts'
import { toProblem } from './problem.ts'
import type { Viewer } from './viewer.ts'

export type { Along }

/** How the header is described. */
export const IdempotencyHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[ -~]{1,255}$/)
    .optional()
    .meta({
      minLength: 1,
      maxLength: 255,
      description:
        'Made up by the client, once for each thing that is to be made, best a random UUID. For 24 hours the same request with the same key gets the first reply again.',
      examples: ['8e03978e-40d5-43dd-bc93-6894a57f9324'],
    }),
})

/** An effect that is to be there once, however often it is asked for. */
interface Effect<Made, Reply> {
  req: Request
  viewer: Viewer
  /** What is asked for besides the path: the same key for something else is refused. */
  request: unknown
  /** Has the effect, in one transaction with what goes along. */
  make(along: Along<Made>): Promise<Made>
  /** What is replied, told before the effect is there. */
  reply(made: Made): Reply | Promise<Reply>
  /** Where `request` does not tell all of it: what was asked for, by what was made of it, and by reading it again. */
  content?: { of(made: Made): unknown; again(): Promise<unknown> } | undefined
}

export interface Idempotency {
  /**
   * Has an effect and gives the reply; with an `Idempotency-Key` only where it is not there yet, else the first reply.
   * What is refused or fails leaves nothing behind: the key is free again.
   * 400 `invalid_idempotency_key`, 409 `request_in_progress`, 422 `idempotency_key_reused`
   */
  once<Made, Reply extends object>(effect: Effect<Made, Reply>): Promise<Reply>
}

const invalidKey = () =>
  new Problem(
    400,
    'invalid_idempotency_key',
    'Invalid idempotency key',
    'Send one Idempotency-Key of 1 to 255 printable ASCII characters.',
  )

const inProgress = () =>
  new Problem(
    409,
    'request_in_progress',
    'Request in progress',
    'The first request with this Idempotency-Key is not answered yet.',
    { retryAfter: 1 },
  )

const reused = () =>
  new Problem(
    422,
    'idempotency_key_reused',
    'Idempotency key reused',
    'This Idempotency-Key was used for another request.',
  )

/** A string of RFC 9651, as the draft writes keys; most clients send the bare characters. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/

/** Undefined where none was sent. */
const keyOf = (req: Request): string | undefined => {
  const sent = req.headersDistinct['idempotency-key']
  if (sent === undefined) return undefined
  const [first = '', ...others] = sent
  const key = QUOTED.exec(first)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? first
  if (others.length > 0 || !/^[ -~]{1,255}$/.test(key)) throw invalidKey()
  return key
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('base64url')

/** Has the effect, with what remembers the reply. */
const make = async <Made, Reply>(
  effect: Effect<Made, Reply>,
  remember: (made: Made, reply: Reply) => Write[],
) => {
  let given: { reply: Reply } | undefined
  await effect.make(async made => {
    const reply = await effect.reply(made)
    given = { reply }
    return remember(made, reply)
  })
  if (!given) throw new Error('it was made without what goes along')
  return given.reply
}

export const createIdempotency = (claims: Claims): Idempotency => {
  /** Under a claim: what it fails with tells whether the claim is given back before the client knows. */
  const makeOnce = async <Made, Reply>(effect: Effect<Made, Reply>, claim: Claim) => {
    const { content } = effect
    try {
      return await make(effect, (made, reply) => [
        claim.done({ reply: JSON.stringify(reply), content: content && hashOf(content.of(made)) }),
      ])
    } catch (error) {
      if (error instanceof ClaimLost) throw inProgress()
      // Where that fails, or the effect is there after all, the next one finds it out.
      const released = claim.release().catch(() => {})
      if (toProblem(error).status < 500) await released
      throw error
    } finally {
      claim.leave()
    }
  }

  return {
    async once(effect) {
      const { req, viewer, request, content } = effect
      const key = keyOf(req)
      if (key === undefined) return make(effect, () => [])
      const route = `${req.method} ${req.res?.locals.route}`
      const taken = await claims.take(hashOf([viewer.user_id, route, key]), hashOf([req.params, request]))
      if (taken === 'running') throw inProgress()
      if (taken === 'reused') throw reused()
      if ('done' in taken) return makeOnce(effect, taken)
      if (content && hashOf(await content.again()) !== taken.content) throw reused()
      req.res?.set('Idempotent-Replayed', 'true')
      return JSON.parse(taken.reply)
    },
  }
}
