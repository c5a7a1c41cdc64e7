import fc from 'fast-check'

const SURROGATES = 0xd800
const AFTER_SURROGATES = 0xe000
const GAP = AFTER_SURROGATES - SURROGATES

/**
 * A character of any code point, for the `unit` of a string. It is what fast-check calls `binary`, without the table
 * of a million characters that it makes first, which takes a second.
 */
export const codePoint = fc.nat(0x10ffff - GAP).map(
  at => String.fromCodePoint(at < SURROGATES ? at : at + GAP),
  char => {
    const code = typeof char === 'string' ? (char.codePointAt(0) ?? -1) : -1
    if (code < 0 || String.fromCodePoint(code) !== char || !char.isWellFormed())
      throw new TypeError('not one character')
    return code < SURROGATES ? code : code - GAP
  },
)
