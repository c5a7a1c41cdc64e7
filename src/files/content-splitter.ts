import { Problem } from '../lib/errors.ts'

/** Reads a JSON object as it comes: one field of it, a long text, is passed on and never held. */
export interface ContentSplitter {
  /** Whether the field has begun, and whether it has ended. */
  readonly place: 'before' | 'within' | 'after'
  /** Takes the next bytes. Gives those of the field, as they stand in the JSON: escapes are not undone. */
  push(chunk: Buffer): Buffer
  /** The beginning, as far as the quote before the field. */
  begun(): Buffer
  /** All the rest so far, in which the field is an empty text: once it has come to its end, JSON or not. */
  rest(): Buffer
}

const [QUOTE, BACKSLASH, COLON, COMMA] = Buffer.from('"\\:,')
const OPENING = new Set(Buffer.from('{['))
const CLOSING = new Set(Buffer.from('}]'))
const NOTHING = Buffer.alloc(0)

const tooLong = (most: number) =>
  new Problem(413, 'body_too_large', 'Body too large', `Besides the content at most ${most} bytes.`)

const twice = () => new Problem(400, 'malformed_json', 'Malformed JSON', 'The content comes twice.')

/**
 * Knows just enough of JSON to see where the field is; whether it is JSON at all, whoever parses the rest finds out.
 * @param field as it must stand there, without escapes; its text must be one without quotes
 * @param most bytes of the rest. 413 `body_too_large`
 */
export const createContentSplitter = (field: string, most: number): ContentSplitter => {
  const kept = Buffer.alloc(most)
  let length = 0
  let place: ContentSplitter['place'] = 'before'
  let depth = 0
  let inText = false
  let escaped = false
  let valueIsNext = false
  let fieldBegan = 0
  let textBegan = 0
  let lastText = ''

  const keep = (byte: number) => {
    if (length === most) throw tooLong(most)
    kept[length++] = byte
  }

  const withinText = (byte: number) => {
    if (escaped) escaped = false
    else if (byte === BACKSLASH) escaped = true
    else if (byte === QUOTE) {
      inText = false
      lastText = kept.toString('latin1', textBegan, length - 1)
    }
  }

  const betweenTexts = (byte: number) => {
    if (byte === QUOTE) {
      const found = depth === 1 && valueIsNext && lastText === field
      if (found && place === 'after') throw twice()
      if (found) {
        place = 'within'
        fieldBegan = length
      } else {
        inText = true
        textBegan = length
      }
    } else if (OPENING.has(byte)) depth++
    else if (CLOSING.has(byte)) depth--
    else if (byte === COLON) valueIsNext = true
    else if (byte === COMMA) valueIsNext = false
  }

  const other = (byte: number) => {
    keep(byte)
    if (inText) withinText(byte)
    else betweenTexts(byte)
  }

  return {
    get place() {
      return place
    },

    push(chunk) {
      let content: Buffer = NOTHING
      for (let at = 0; at < chunk.length; at++) {
        if (place === 'within') {
          const end = chunk.indexOf('"', at)
          if (end < 0) return chunk.subarray(at)
          content = chunk.subarray(at, end)
          at = end
          place = 'after'
          keep(Number(QUOTE))
        } else other(Number(chunk[at]))
      }
      return content
    },

    begun: () => kept.subarray(0, fieldBegan),
    rest: () => kept.subarray(0, length),
  }
}
