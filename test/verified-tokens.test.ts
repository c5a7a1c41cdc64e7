import { expect, test } from '@jest/globals'
import { createVerifiedTokens } from '../src/http/verified-tokens.ts'

const ann = { user_id: 'ann', session_id: 'one' }

test('a token that was verified is known by all of its bytes, and not a moment after it has expired', () => {
  let now = 0
  const tokens = createVerifiedTokens(() => now)
  expect(tokens.find('Bearer a.b.c')).toBeUndefined()
  tokens.keep('Bearer a.b.c', ann, 900)
  for (const other of ['Bearer a.b.d', 'bearer a.b.c', 'a.b.c', '', 'Bearer a.b.c '])
    expect(tokens.find(other)).toBeUndefined()
  now = 899_999
  expect(tokens.find('Bearer a.b.c')).toEqual(ann)
  now = 900_000
  expect(tokens.find('Bearer a.b.c')).toBeUndefined()
  // The clock was set back: what has expired does not come to life again.
  now = 0
  expect(tokens.find('Bearer a.b.c')).toBeUndefined()
})

test('no more than ten thousand tokens are remembered, and those that were verified last', () => {
  const tokens = createVerifiedTokens(() => 0)
  for (let at = 0; at < 10_100; at++) tokens.keep(`Bearer ${at}`, ann, 900)
  expect(tokens.find('Bearer 99')).toBeUndefined()
  expect(tokens.find('Bearer 100')).toEqual(ann)
  expect(tokens.find('Bearer 10099')).toEqual(ann)
})
