import fc from 'fast-check'
import { codePoint } from './code-point.ts'

const DEEP = `${'['.repeat(2000)}${']'.repeat(2000)}`

/** JSON that nobody expects, as text: some of it cannot be had from a value. */
const anyJson = fc.oneof(
  fc.json({ maxDepth: 3, stringUnit: codePoint }),
  fc.constantFrom(
    ...[
      'null',
      'true',
      '0',
      '-0',
      '-1',
      '1.5',
      '1e308',
      '1e999',
      '9007199254740993',
      '""',
      '" "',
      '[]',
      '{}',
    ],
    ...['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e"', '[null]', '["a","a"]', '{"a":{"b":[]}}'],
    ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', DEEP],
    `"${'x'.repeat(6000)}"`,
    `"${'\u{1f600}'.repeat(3000)}"`,
    `[${Array.from({ length: 30 }, () => '"a"').join()}]`,
  ),
)

/** Not even JSON, most of it. */
export const anyBody = fc.oneof(
  anyJson,
  fc.string({ unit: codePoint }),
  fc.constantFrom('', '{', '}', '{"a":', '\ufeff{}', 'null null', '[1,]', "{'a':1}", '<a/>', 'a=b', '\u0000'),
)

const anyKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    '\\u005f_proto__',
    'constructor',
    'toString',
    'user_id',
    'a/b~c',
    'is_admin',
    '',
  ),
  fc.stringMatching(/^[a-z_]{1,12}$/),
)

/** Valid but for one place: a field is gone, is something else, is there twice, or one is there that should not. */
export const nearly = (valid: fc.Arbitrary<unknown>) =>
  fc
    .record({
      value: valid,
      how: fc.constantFrom('drop', 'replace', 'add', 'repeat'),
      at: fc.nat(50),
      key: anyKey,
      json: anyJson,
    })
    .map(({ value, how, at, key, json }) => {
      const fields = Object.entries(value ?? {}).map(
        ([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(field)}`,
      )
      const place = fields.length === 0 ? 0 : at % fields.length
      const [name = '""'] = /^"(?:[^"\\]|\\.)*"/.exec(fields[place] ?? '') ?? []
      const changed = {
        drop: [],
        replace: [`${name}:${json}`],
        add: [...fields.slice(place, place + 1), `"${key}":${json}`],
        repeat: [...fields.slice(place, place + 1), `${name}:${json}`],
      }[how]
      return `{${fields.toSpliced(place, 1, ...changed).join()}}`
    })

/** A path segment as it is written. Dots alone would be another path, and so would nothing. */
export const anySegment = fc
  .oneof(
    fc.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    fc.uuid().map(id => id.toUpperCase()),
    fc.string({ unit: codePoint, minLength: 1 }).map(encodeURIComponent),
    fc.constantFrom(
      '%zz',
      '%',
      '%00',
      '%E0%A4%A',
      '%2e%2e%2f',
      '*',
      '0',
      'null',
      '__proto__',
      'x'.repeat(3000),
    ),
  )
  .filter(segment => !/^(\.|%2e)*$/i.test(segment) && segment.toLowerCase() !== 'profile')

export const anyQuery = fc.array(
  fc.tuple(
    fc.constantFrom(
      'limit',
      'cursor',
      'tag',
      'parent_comment_id',
      'order',
      '__proto__',
      'limit[]',
      'x',
      'constructor',
      '',
    ),
    fc.oneof(
      fc.constantFrom('', '0', '1', '100', '101', '-1', '1.5', 'abc', '%zz', '%00', 'NaN'),
      fc.string({ unit: codePoint }).map(encodeURIComponent),
      fc.constant(null),
    ),
  ),
  { maxLength: 3 },
)

export const anyHeaders = fc.record(
  {
    Range: fc.constantFrom(
      'bytes=0-0',
      'bytes=-1',
      'bytes=3-',
      'bytes=999999-',
      'bytes=5-1',
      'lines=1',
      'bytes=0-0,2-2',
    ),
    'If-Range': fc.constantFrom('"a"', 'nonsense'),
    'If-None-Match': fc.constantFrom('*', '"a"', 'W/"a", "b"', 'nonsense', ','),
    'X-Request-Id': fc.constantFrom('abc', '<script>', 'x'.repeat(500)),
    'Content-Type': fc.constantFrom(
      ...[
        'application/json',
        'application/json; charset=utf-16',
        'text/plain',
        'multipart/form-data',
        'multipart/form-data; boundary=b',
        'x',
      ],
    ),
    'Content-Encoding': fc.constantFrom('identity', 'gzip', 'x'),
    'Idempotency-Key': fc.constantFrom('', 'a', 'b', '"a"', '"', 'x'.repeat(300), 'schl\u00fcssel'),
    'Content-Digest': fc.constantFrom('sha-256=:AAAA:', `sha-256=:${'A'.repeat(43)}=:`, 'md5=:x:', '::'),
    Origin: fc.constantFrom('null', 'https://evil.example'),
    'X-Forwarded-For': fc.constantFrom('203.0.113.9', 'nonsense'),
  },
  { requiredKeys: [] },
)
