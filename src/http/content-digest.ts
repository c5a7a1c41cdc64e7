import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { z } from 'zod'
import { Problem } from '../lib/errors.ts'
import { watchBody } from './request-stream.ts'

/** How the header is described. */
export const DigestHeaders = z.object({
  'Content-Digest': z
    .string()
    .optional()
    .meta({
      description:
        'The SHA-256 of the body as RFC 9530 writes it, with which the body must agree. With it a retry under the same Idempotency-Key is answered without being read.',
      examples: ['sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'],
    }),
})

const SHA_256 = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/

/** The SHA-256 in base64 that a client says its body has; null where it says none that is known here (RFC 9530, 2). */
export const declaredDigest = (req: Request): string | null =>
  SHA_256.exec(req.get('content-digest') ?? '')?.[1] ?? null

const mismatch = () =>
  new Problem(
    422,
    'checksum_mismatch',
    'Checksum mismatch',
    'The SHA-256 of the body is not the one of its Content-Digest.',
  )

/**
 * Holds a body against its digest, beside whoever reads it: to be called before anybody does, in the same turn.
 * @param idleMs in which something of the rest must come
 * @returns what waits for the end of the body and throws 422 `checksum_mismatch`
 */
export const checkDigest = (req: Request, idleMs: number): (() => Promise<void>) => {
  const declared = declaredDigest(req)
  if (declared === null) return async () => {}
  const hash = createHash('sha256')
  req.on('data', (chunk: Buffer) => hash.update(chunk))
  const ended = new Promise<string | null>(resolve => {
    req.once('end', () => resolve(hash.digest('base64')))
    req.once('close', () => resolve(null))
  })
  return async () => {
    let endWatch = () => {}
    const stalled = new Promise<never>((_, reject) => {
      endWatch = watchBody(req, idleMs, reject)
    })
    try {
      if ((await Promise.race([ended, stalled])) !== declared) throw mismatch()
    } finally {
      endWatch()
    }
  }
}
