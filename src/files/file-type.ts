import { fileTypeFromBuffer } from 'file-type'

/** How many of a file's first bytes are looked at. */
export const SNIFFED_BYTES = 4100

export const UNKNOWN_TYPE = 'application/octet-stream'

/**
 * What a browser may show itself. Nothing in which a script could hide: HTML, SVG and XML are not among them, and
 * never will be, since anything served inline runs in the origin it came from.
 */
const INLINE = new Set([
  'application/pdf',
  'audio/aac',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'image/avif',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'text/plain',
  'video/mp4',
  'video/ogg',
  'video/webm',
])

/** What thumbnails are made of. */
const PICTURES = new Set(['image/avif', 'image/gif', 'image/jpeg', 'image/png', 'image/webp'])

export const mayBeInline = (type: string): boolean => INLINE.has(type)
export const isPicture = (type: string): boolean => PICTURES.has(type)

/** Families in which every type has magic bytes: who declares one of them and sends none is not believed. */
const RECOGNISABLE =
  /^(image|audio|video|font)\/|^application\/(pdf|zip|gzip|x-7z-compressed|x-rar-compressed)$/

/** Types without magic bytes that are harmless as they are, since they are never interpreted. */
const PLAIN = new Set(['text/plain', 'text/csv', 'text/markdown', 'application/json'])

const essence = (type: string) => type.split(';')[0]?.trim().toLowerCase() ?? ''

const family = (type: string) => type.split('/')[0]

/** Text has no NUL; a UTF-8 text cut in the middle of a character is still one. */
const looksLikeText = (head: Buffer) => !head.includes(0)

/**
 * What a file is, told by its first bytes. The declared type is believed only where bytes cannot tell and it can
 * do no harm; everything else that nobody recognises is `application/octet-stream`.
 * @returns null when the bytes are not what was declared
 */
export const typeOf = async (head: Buffer, declared: string): Promise<string | null> => {
  const claimed = essence(declared)
  const found = await fileTypeFromBuffer(head)
  if (found) {
    const contradicts = RECOGNISABLE.test(claimed) && family(claimed) !== family(found.mime)
    // XML that says of itself that it is a picture (SVG among it) is a document with scripts.
    if (/xml|svg|html/.test(found.mime)) return RECOGNISABLE.test(claimed) ? null : UNKNOWN_TYPE
    return contradicts ? null : found.mime
  }
  if (RECOGNISABLE.test(claimed)) return null
  return PLAIN.has(claimed) && looksLikeText(head) ? claimed : UNKNOWN_TYPE
}
