import { createHash } from 'node:crypto'
import type { CompletedPart } from './blob-store.ts'

/** An ETag without the quotes that HTTP puts around it. */
export const bareEtag = (etag: string | undefined): string => (etag ?? '').replace(/^"(.*)"$/, '$1')

/** In the order of their numbers, ETags bare. */
export const inOrder = <Part extends CompletedPart>(parts: readonly Part[]): Part[] =>
  parts.map(part => ({ ...part, etag: bareEtag(part.etag) })).sort((a, b) => a.part_number - b.part_number)

/**
 * What S3 gives an object that came in parts: the MD5 of the parts' MD5s one after the other, and their number
 * (the AWS S3 User Guide, "Checking object integrity"). It tells whether an object was made of these very parts.
 * @param parts in order
 */
export const multipartEtag = (parts: readonly CompletedPart[]): string => {
  const hash = createHash('md5')
  for (const { etag } of parts) hash.update(etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}
