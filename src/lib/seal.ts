import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from './keys.ts'

/** Makes strings that a client can carry and cannot make or change. They are signed, not encrypted. */
export interface Seal {
  /** `bound` is signed along but not carried: to open the string, one must know it again. */
  seal(payload: Buffer, bound?: string): string
  /** The payload, or null when the string was not sealed here, was changed, or was bound to something else. */
  open(sealed: string, bound?: string): Buffer | null
}

const TAG_BYTES = 16

/** HMAC-SHA-256, cut to 128 bits (RFC 2104, section 5), written before the payload in base64url. */
export const createSeal = (ring: KeyRing, purpose: string): Seal => {
  const keys = ring.keysFor(purpose)
  const tag = (key: (typeof keys)[0]['key'], payload: Buffer, bound: string) =>
    createHmac('sha256', key)
      .update(`${bound.length}:${bound}`)
      .update(payload)
      .digest()
      .subarray(0, TAG_BYTES)

  return {
    seal: (payload, bound = '') =>
      Buffer.concat([tag(keys[0].key, payload, bound), payload]).toString('base64url'),

    open(sealed, bound = '') {
      const bytes = Buffer.from(sealed, 'base64url')
      // Base64 decoding is lenient; only the spelling that we wrote ourselves is ours.
      if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== sealed) return null
      const payload = bytes.subarray(TAG_BYTES)
      const genuine = keys.some(({ key }) =>
        timingSafeEqual(tag(key, payload, bound), bytes.subarray(0, TAG_BYTES)),
      )
      return genuine ? payload : null
    },
  }
}
