import { describe, expect, test } from '@jest/globals'
import { create } from 'content-disposition'
import fc from 'fast-check'
import { displayName, safeName } from '../src/files/file-name.ts'
import { typeOf } from '../src/files/file-type.ts'
import { byteRange } from '../src/http/send-bytes.ts'
import { isKey } from '../src/infra/blobs/blob-key.ts'
import { codePoint } from './support/code-point.ts'
import { rounds } from './support/heavy.ts'

const anyName = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', ' ', 'a', 'é', '\u0301', '\u202e', '\0', '🙂', '\ud83d', '_', '-'),
    maxLength: 400,
  }),
)

describe('the name of a file', () => {
  test.each([
    ['beach.jpg', 'beach.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\win.ini', 'win.ini'],
    ['/etc/', 'file'],
    ['', 'file'],
    ['.', 'file'],
    ['..', 'file'],
    ['\u202e\u200b', 'file'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['a\r\nSet-Cookie: x', 'aSet-Cookie: x'],
    ['.env', '.env'],
    [' Übung 1.txt ', 'Übung 1.txt'],
    ['U\u0308.txt', 'Ü.txt'],
  ])('%j is shown as %j', (name, shown) => {
    expect(displayName(name)).toBe(shown)
  })

  test('keeps its extension when it is cut', () => {
    expect(displayName(`${'x'.repeat(4096)}.tar`)).toBe(`${'x'.repeat(196)}.tar`)
    expect(displayName(`${'🙂'.repeat(100)}.png`)).toBe(`${'🙂'.repeat(49)}.png`)
  })

  test('is never empty, invisible, a path or too long, and is its own name', () => {
    fc.assert(
      fc.property(anyName, name => {
        const shown = displayName(name)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}/\\]|^\.+$|^$/u)
        expect(shown.isWellFormed()).toBe(true)
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(200)
        expect(displayName(shown)).toBe(shown)
        expect(create(shown)).toMatch(/^[\x20-\x7e\xa0-\xff]+$/)
      }),
      { numRuns: rounds(2000, 400) },
    )
  })

  test('makes a segment of a key, whatever it is', () => {
    fc.assert(
      fc.property(anyName, name => {
        expect(safeName(name)).toMatch(/^[\w.-]{1,100}$/)
        expect(isKey(`user-files/u/f/${safeName(name)}`)).toBe(true)
      }),
      { numRuns: rounds(2000, 400) },
    )
  })
})

test('a type is told of any bytes, and is never one that holds scripts', async () => {
  const beginnings = [
    '',
    'GIF89a',
    '%PDF-1.4',
    '<?xml version="1.0"?><svg',
    'PK\x03\x04',
    'RIFF____WEBP',
    '\x1f\x8b',
  ]
  const head = fc
    .tuple(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 600 }))
    .map(([magic, rest]) => Buffer.concat([Buffer.from(magic, 'latin1'), rest]))
  const declared = fc.oneof(
    fc.constantFrom('image/svg+xml', 'image/png', 'text/html', 'application/javascript', '', 'text/plain'),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(head, declared, async (bytes, claim) => {
      expect((await typeOf(bytes, claim)) ?? '').not.toMatch(/html|svg|script|xml/)
    }),
    { numRuns: rounds(1000, 200) },
  )
})

test('a range of bytes is within the bytes', () => {
  const number = fc.oneof(fc.nat(2000).map(String), fc.constantFrom('', '0', '99999999999999999999999'))
  fc.assert(
    fc.property(number, number, fc.nat(1000), (first, last, size) => {
      const range = byteRange(`bytes=${first}-${last}`, size)
      if (!range) return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.start).toBeLessThanOrEqual(range.end)
      expect(range.end).toBeLessThan(size)
    }),
    { numRuns: rounds(1000, 200) },
  )
  expect(byteRange('bytes=-5', 3)).toEqual({ start: 0, end: 2 })
  expect(byteRange('bytes=-0', 3)).toBeNull()
  expect(byteRange('bytes=3-', 3)).toBeNull()
  expect(byteRange('bytes=-', 3)).toBeUndefined()
  expect(byteRange('bytes=2-1', 3)).toBeUndefined()
})
