import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { KeyRing } from '../../lib/keys.ts'
import { isKey } from './blob-key.ts'

/** What a URL of the disk store permits, all of it signed. */
export type StorageOperation =
  | { method: 'GET'; key: string; contentType: string; contentDisposition: string }
  | { method: 'PUT'; key: string; contentType: string; contentLength: number }
  | { method: 'PUT'; key: string; uploadId: string; partNumber: number; contentLength: number }

export interface UrlSigner {
  /** @param expiresIn seconds; the end is rounded up to a whole one */
  sign(operation: StorageOperation, expiresIn: number): { url: string; expires_at: string }
  /**
   * @param key as it stands in the path, decoded
   * @returns what the URL permits, `expired` when it did so once, null when it was not signed here for this
   */
  verify(method: string, key: string, query: URLSearchParams): StorageOperation | 'expired' | null
}

/** Of the query, in the order in which they are signed; those that an operation does not have are signed as null. */
const FIELDS = ['expires', 'type', 'disposition', 'length', 'upload', 'part'] as const

const queryOf = (operation: StorageOperation): [string, string][] => {
  if (operation.method === 'GET') {
    return [
      ['type', operation.contentType],
      ['disposition', operation.contentDisposition],
    ]
  }
  const length: [string, string] = ['length', String(operation.contentLength)]
  return 'uploadId' in operation
    ? [length, ['upload', operation.uploadId], ['part', String(operation.partNumber)]]
    : [length, ['type', operation.contentType]]
}

/** HMAC-SHA-256; JSON keeps the fields apart, whatever they hold. */
const mac = (key: KeyObject, method: string, blob: string, query: URLSearchParams) =>
  createHmac('sha256', key)
    .update(JSON.stringify([method, blob, ...FIELDS.map(field => query.get(field))]))
    .digest()

/**
 * @param ring signs with the current key, takes signatures of the previous one too
 * @param publicUrl where clients reach this service, without a slash at the end
 */
export const createUrlSigner = (ring: KeyRing, publicUrl: () => string): UrlSigner => {
  const keys = ring.keysFor('storage-url')

  return {
    sign(operation, expiresIn) {
      const expires = Math.ceil(Date.now() / 1000) + expiresIn
      const query = new URLSearchParams([['expires', String(expires)], ...queryOf(operation)])
      query.append(
        'signature',
        mac(keys[0].key, operation.method, operation.key, query).toString('base64url'),
      )
      const path = operation.key.split('/').map(encodeURIComponent).join('/')
      return {
        url: `${publicUrl()}/storage/${path}?${query}`,
        expires_at: new Date(expires * 1000).toISOString(),
      }
    },

    verify(method, key, query) {
      const names = [...query.keys()]
      const known = names.every(name => name === 'signature' || FIELDS.some(field => field === name))
      if (!isKey(key) || !known || new Set(names).size !== names.length) return null

      const signature = Buffer.from(query.get('signature') ?? '', 'base64url')
      const genuine = keys.some(({ key: secret }) => {
        const right = mac(secret, method, key, query)
        return right.length === signature.length && timingSafeEqual(right, signature)
      })
      if (!genuine) return null
      if (Date.now() >= Number(query.get('expires')) * 1000) return 'expired'
      return operationOf(method, key, query)
    },
  }
}

/** Of a query whose signature is ours, so that every field is as `queryOf` wrote it. */
const operationOf = (method: string, key: string, query: URLSearchParams): StorageOperation | null => {
  const contentType = query.get('type') ?? ''
  if (method === 'GET')
    return { method, key, contentType, contentDisposition: query.get('disposition') ?? '' }
  if (method !== 'PUT') return null
  const contentLength = Number(query.get('length'))
  const uploadId = query.get('upload')
  return uploadId === null
    ? { method, key, contentType, contentLength }
    : { method, key, uploadId, partNumber: Number(query.get('part')), contentLength }
}
