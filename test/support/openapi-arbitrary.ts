import fc from 'fast-check'
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
  /** Names and values as they are written; null: a cursor that was given out. */
  query: [name: string, value: string | null][]
  /** null: that of an account. */
  authorization: string | null | undefined
  headers: Record<string, string>
  body: string | undefined
  /** Put an account's own e-mail address, password and refresh token in the place of made-up ones. */
  credentials: boolean
  /** Valid by the document in every part: 422 would mean that the document is wrong. */
  clean: boolean
}

const JSON_TYPE = { 'Content-Type': 'application/json' }

/** Requests to every operation of a document: about one in six valid in every part, the others anything but. */
export const callsOf = (document: Document): fc.Arbitrary<Call> => {
  // Nobody has files yet, and only one's own can be named.
  const valid = createValid(document.components.schemas, { file_ids: fc.constant([]) })

  const common = (operation: Described) => ({
    operation: fc.constant(operation.operationId),
    pick: fc.nat(),
    credentials: fc.boolean(),
  })
  const parameters = (operation: Described, place: 'path' | 'query') =>
    operation.parameters.filter(parameter => parameter.in === place)
  const json = (operation: Described) => {
    const schema = operation.requestBody?.content['application/json'].schema
    return schema && valid(schema)
  }
  const forAll = (names: string[], one: fc.Arbitrary<string | null>) =>
    fc.record<Record<string, string | null>>(Object.fromEntries(names.map(name => [name, one])))

  const clean = (operation: Described): fc.Arbitrary<Call> => {
    const query = parameters(operation, 'query').map(({ name, schema }) => {
      const value =
        name === 'cursor' ? fc.constant(null) : valid(schema).map(one => encodeURIComponent(String(one)))
      return fc.tuple(fc.constant(name), value)
    })
    const ids = parameters(operation, 'path').map(({ name }) => name)
    return fc.record({
      ...common(operation),
      params: forAll(ids, fc.constant(null)),
      query: fc.tuple(...query).chain(all => fc.subarray([...all])),
      authorization: fc.constant(null),
      headers: fc.constant(operation.requestBody ? JSON_TYPE : {}),
      body: json(operation)?.map(value => JSON.stringify(value)) ?? fc.constant(undefined),
      clean: fc.constant(true),
    })
  }

  const wild = (operation: Described): fc.Arbitrary<Call> => {
    const body = json(operation)
    const ids = parameters(operation, 'path').map(({ name }) => name)
    const bodies = body ? fc.oneof({ weight: 3, arbitrary: nearly(body) }, anyBody) : anyBody
    return fc.record({
      ...common(operation),
      params: forAll(ids, fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, anySegment)),
      query: anyQuery,
      authorization: fc.oneof(
        { weight: 6, arbitrary: fc.constant(null) },
        fc.constantFrom(undefined, '', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi', 'Bearer null'),
      ),
      headers: fc.oneof(
        { weight: 3, arbitrary: fc.constant(JSON_TYPE) },
        anyHeaders.map(headers => ({ ...headers })),
      ),
      body: operation.method === 'GET' ? fc.constant(undefined) : bodies,
      clean: fc.constant(false),
    })
  }

  const each = operationsOf(document).flatMap(operation => {
    // What takes nothing has little that could be wrong with it.
    const takes = operation.parameters.length > 0 || operation.requestBody !== undefined
    return [
      { weight: takes ? 2 : 1, arbitrary: clean(operation) },
      { weight: takes ? 12 : 1, arbitrary: wild(operation) },
    ]
  })
  return fc.oneof(...each)
}
