import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** The one secret of the installation, cut into independent keys, one for each purpose (HKDF, RFC 5869). */
export interface KeyRing {
  /** The current key first, then the previous one while secrets are being rotated. */
  keysFor(purpose: string): readonly [NamedKey, ...NamedKey[]]
}

export interface NamedKey {
  /** Names the key without telling anything of it, for a JWT's `kid`. */
  kid: string
  key: KeyObject
}

const derive = (secret: string, purpose: string): NamedKey => {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', `plaza/${purpose}`, 32))
  const kid = createHmac('sha256', bytes).update('kid').digest('hex').slice(0, 16)
  return { kid, key: createSecretKey(bytes) }
}

/**
 * @param secret signs everything new
 * @param previous still accepted, never used to sign; undefined outside a rotation
 */
export const createKeyRing = (secret: string, previous?: string): KeyRing => ({
  keysFor: purpose => [derive(secret, purpose), ...(previous ? [derive(previous, purpose)] : [])],
})
