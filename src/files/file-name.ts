const LONGEST_NAME_BYTES = 200

/** Controls, and the marks that make a name read backwards (`\u202E` turns "exe.gpj" around). */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const bytes = (text: string) => Buffer.byteLength(text)

/** The longest beginning of a text that fits, never cut within a character. */
const fitting = (text: string, limit: number) => {
  let used = 0
  let fit = ''
  for (const character of text) {
    used += bytes(character)
    if (used > limit) break
    fit += character
  }
  return fit
}

/**
 * A file name as it may be shown and sent in a header: the last part of a path, without invisible characters, at
 * most 200 bytes with its extension kept. Never empty, never `.` or `..`.
 */
export const displayName = (name: string): string => {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const clean = last.replaceAll(INVISIBLE, '').normalize('NFC').trim()
  if (clean === '' || /^\.+$/.test(clean)) return 'file'
  if (bytes(clean) <= LONGEST_NAME_BYTES) return clean
  const extension = /\.[^.]{1,16}$/u.exec(clean)?.[0] ?? ''
  const stem = fitting(clean.slice(0, clean.length - extension.length), LONGEST_NAME_BYTES - bytes(extension))
  return displayName(stem + extension)
}

/** A file name as it may stand in a key: ASCII letters, digits, `.`, `-` and `_` only. */
export const safeName = (name: string): string =>
  displayName(name)
    .normalize('NFKD')
    .replaceAll(/[^\w.-]+/g, '_')
    .replaceAll(/\.{2,}/g, '.')
    .replace(/^[._-]+/, '')
    .slice(-100) || 'file'
