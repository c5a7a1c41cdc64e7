import { Problem } from '../lib/errors.ts'

/** Decodes what comes in pieces. Both throw 422 where it is not base64. */
export interface Base64Decoder {
  push(piece: Buffer): Buffer
  /** What is left, once all has come. */
  end(): Buffer
}

const DIGITS = /^[A-Za-z0-9+/]*$/
const LAST_DIGITS = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Those that some encoders of JSON put where base64 has a slash, a plus or an equals sign. */
const ESCAPE = /\\(?:\/|u00([0-9a-fA-F]{2}))/g
const HALF_AN_ESCAPE = /\\(?:u[0-9a-fA-F]{0,3})?$/

const unescaped = (text: string) =>
  text.includes('\\')
    ? text.replaceAll(ESCAPE, (_, code?: string) =>
        code === undefined ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
      )
    : text

/**
 * Base64 (RFC 4648, section 4) as it stands in a text of JSON.
 * @param pointer to where it stands, for the problem
 */
export const createBase64Decoder = (pointer: string): Base64Decoder => {
  let halfAnEscape = ''
  let held = ''

  const decode = (text: string, digits: RegExp) => {
    if (digits.test(text)) return Buffer.from(text, 'base64')
    const errors = [{ pointer, message: 'must be base64' }]
    throw new Problem(422, 'validation_failed', 'Validation failed', 'The content is not base64.', { errors })
  }

  return {
    push(piece) {
      const text = halfAnEscape + piece.toString('latin1')
      halfAnEscape = HALF_AN_ESCAPE.exec(text.slice(-5))?.[0] ?? ''
      const digits = held + unescaped(text.slice(0, text.length - halfAnEscape.length))
      // What stands at the end may be followed by padding, or be padding.
      const sure = Math.max(0, digits.length - 4)
      held = digits.slice(sure - (sure % 4))
      return decode(digits.slice(0, sure - (sure % 4)), DIGITS)
    },

    end: () => decode(held + halfAnEscape, LAST_DIGITS),
  }
}
