import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { codePoint } from './code-point.ts'
import { anyBody, anyHeaders, anyQuery, anySegment, nearly } from './hostile-arbitrary.ts'
import type { Described, Document } from './openapi-checker.ts'
import { operationsOf } from './openapi-checker.ts'
import { createValid } from './schema-arbitrary.ts'

/** A request in the making: whom and what it is about is only filled in when it is sent. */
export interface Call {
  /** The operation's id. */
  operation: string
  /** Chooses among the accounts and things that are there when it is sent. */
  pick: number
  /** null: the id of something that is there. */
  params: Record<string, string | null>
  /** Names and values as they are written; null: a cursor that was given out, or an id. */
  query: [name: string, value: string | null][]
  /** null: that of an account. */
  authorization: string | null | undefined
  headers: Record<string, string>
  body: string | undefined
  /** Put an account's own e-mail address, password and tokens, and ids of what is there, in the place of made-up ones. */
  own: boolean
  /** Whether it is about what is there, about what was deleted, or by somebody who is out. */
  about: 'there' | 'deleted' | 'outcast'
  /** Valid by the document in every part: 422 would mean that the document is wrong. */
  clean: boolean
}

interface Body {
  headers: Record<string, string>
  body: string | undefined
}

const JSON_TYPE = { 'Content-Type': 'application/json' }
const BOUNDARY = 'a-boundary-that-nobody-writes'

/** A form with these fields, of which `file` is a file. */
const formOf = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => {
      const file = name === 'file' ? '; filename="a.txt"\r\nContent-Type: text/plain' : ''
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`
    })
    .join('')
    .concat(`--${BOUNDARY}--\r\n`)

const anyForm = fc
  .record(
    {
      tags: fc.constantFrom('[]', '["beach"]', '["two words"]', '[', 'null', '{"0":"a"}', '["\\ud800"]'),
      is_public: fc.constantFrom('true', 'false', '', 'yes', 'TRUE'),
      __proto__x: fc.constant('1'),
      file: fc.string({ unit: codePoint, maxLength: 200 }),
    },
    { requiredKeys: [] },
  )
  .map(formOf)

/** A form with a file of these bytes. */
export const formWith = (
  bytes: Uint8Array,
  { name, type, is_public }: { name: string; type: string; is_public: string },
) => ({
  headers: FORM_TYPE,
  body: Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="is_public"\r\n\r\n${is_public}\r\n` +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        `Content-Type: ${type}\r\n\r\n`,
    ),
    bytes,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]),
})

const FORM_TYPE = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }

/** What a resumable upload is made of here: so long that nothing else has its length by chance. */
export const PART = 'x'.repeat(1009)

/** Requests to every operation of a document: about one in five valid in every part, the others anything but. */
export const callsOf = (document: Document) => {
  const valid = createValid(document.components.schemas, {
    // Only one's own can be named.
    file_ids: fc.constant([]),
    // Only a comment of the same post, of which there may be none.
    parent_comment_id: fc.constant(undefined),
    // An upload in parts is of one part, which is always the same.
    file_size: fc.constant(PART.length),
    checksum_sha256: fc.constant(createHash('sha256').update(PART).digest('hex')),
    file_type: fc.constantFrom('text/plain', 'application/octet-stream', 'x/y; z=1'),
    parts: fc.constant([{ part_number: 1, etag: createHash('md5').update(PART).digest('hex') }]),
    part_numbers: fc.constantFrom([1], [1, 1]),
    fileContent: fc.base64String({ maxLength: 200 }),
  })

  const common = (operation: Described) => ({
    operation: fc.constant(operation.operationId),
    pick: fc.nat(),
    own: fc.boolean(),
  })
  const absent = fc.constantFrom('deleted' as const, 'outcast' as const)
  /** What takes nothing has little that could be wrong with it but its token. */
  const takes = ({ parameters: all, requestBody }: Described) => all.length > 0 || requestBody !== undefined
  const parameters = (operation: Described, place: 'path' | 'query' | 'header') =>
    operation.parameters.filter(parameter => parameter.in === place)
  const json = (operation: Described) => {
    const schema = operation.requestBody?.content['application/json']?.schema
    return schema && valid(schema)
  }

  /** Valid bodies, of every type that the operation takes. */
  const bodies = (operation: Described): fc.Arbitrary<Body> => {
    const { content = {} } = operation.requestBody ?? {}
    const form = fc.record({ tags: fc.constantFrom('[]', '["Beach"]'), file: fc.string({ maxLength: 200 }) })
    const kinds: Record<string, fc.Arbitrary<Body>> = {
      'application/json': (json(operation) ?? fc.constant({})).map(value => ({
        headers: JSON_TYPE,
        body: JSON.stringify(value),
      })),
      'multipart/form-data': form.map(fields => ({ headers: FORM_TYPE, body: formOf(fields) })),
      'application/octet-stream': fc.constant({ headers: {}, body: PART }),
    }
    const taken = Object.keys(content).flatMap(type => kinds[type] ?? [])
    return taken.length > 0 ? fc.oneof(...taken) : fc.constant({ headers: {}, body: undefined })
  }
  const forAll = (names: string[], one: fc.Arbitrary<string | null>) =>
    fc.record<Record<string, string | null>>(Object.fromEntries(names.map(name => [name, one])))

  const clean = (operation: Described): fc.Arbitrary<Call> => {
    const query = parameters(operation, 'query').map(({ name, schema, required }) => {
      const value: fc.Arbitrary<(string | null)[]> =
        name === 'cursor'
          ? fc.constant([null])
          : valid(schema).map(one => [one].flat().map(each => encodeURIComponent(String(each))))
      return value
        .chain(values => (required ? fc.constant(values) : fc.constantFrom([], values)))
        .map(values => values.map((one): [string, string | null] => [name, one]))
    })
    const ids = parameters(operation, 'path').map(({ name }) => name)
    const call = fc.record({
      ...common(operation),
      about: fc.oneof({ weight: 12, arbitrary: fc.constant('there' as const) }, absent),
      params: forAll(ids, fc.constant(null)),
      query: fc.tuple(...query).map(all => all.flat()),
      authorization: fc.constant(null),
      clean: fc.constant(true),
    })
    const keyed = parameters(operation, 'header').some(({ name }) => name === 'Idempotency-Key')
    // Each of its own: another request with the same one would be refused.
    const key = keyed ? fc.option(fc.uuid(), { nil: undefined }) : fc.constant(undefined)
    return fc.tuple(call, bodies(operation), key).map(([rest, { body, headers }, own]) => ({
      ...{ ...rest, body },
      headers: { ...headers, ...(own !== undefined && { 'Idempotency-Key': own }) },
    }))
  }

  const wild = (operation: Described): fc.Arbitrary<Call> => {
    const body = json(operation)
    const ids = parameters(operation, 'path').map(({ name }) => name)
    const form = operation.requestBody?.content['multipart/form-data'] !== undefined
    const others = body ? fc.oneof({ weight: 3, arbitrary: nearly(body) }, anyBody) : anyBody
    const any = form ? fc.oneof(anyForm, others) : others
    const type = form ? fc.constantFrom<Record<string, string>>(JSON_TYPE, FORM_TYPE) : fc.constant(JSON_TYPE)
    return fc.record({
      ...common(operation),
      about: fc.oneof({ weight: 5, arbitrary: fc.constant('there' as const) }, absent),
      params: forAll(ids, fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, anySegment)),
      query: anyQuery,
      authorization: fc.oneof(
        { weight: takes(operation) ? 6 : 1, arbitrary: fc.constant(null) },
        fc.constantFrom(undefined, '', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'Bearer null'),
      ),
      headers: fc.oneof(
        { weight: 3, arbitrary: type },
        anyHeaders.map(headers => ({ ...headers })),
      ),
      body: operation.method === 'GET' ? fc.constant(undefined) : any,
      clean: fc.constant(false),
    })
  }

  const each = operationsOf(document).flatMap(operation => {
    return [
      { weight: 3, arbitrary: clean(operation) },
      { weight: takes(operation) ? 12 : 4, arbitrary: wild(operation) },
    ]
  })
  return { any: fc.oneof(...each), valid: clean }
}
