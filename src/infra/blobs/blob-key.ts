const SEGMENT = /^[\p{L}\p{M}\p{N} ._()+,=@-]+$/u
const LONGEST_SEGMENT_BYTES = 255
const LONGEST_KEY_BYTES = 1024

/**
 * Keys are segments of letters, digits and ` ._()+,=@-` with slashes between them, in Unicode's form NFC, since
 * some file systems cannot tell the forms apart; a segment has at most 255 bytes, the whole at most 1024.
 */
export const isKey = (key: string): boolean =>
  Buffer.byteLength(key) <= LONGEST_KEY_BYTES &&
  key === key.normalize('NFC') &&
  key.split('/').every(isSegment)

const isSegment = (segment: string) =>
  SEGMENT.test(segment) &&
  segment !== '.' &&
  segment !== '..' &&
  Buffer.byteLength(segment) <= LONGEST_SEGMENT_BYTES

/** The service makes all keys itself: another one is a bug, and never becomes a path. */
export const assertKey = (key: string) => {
  if (!isKey(key)) throw new TypeError(`not a key of an object: ${JSON.stringify(key.slice(0, 100))}`)
}
