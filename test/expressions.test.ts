import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { change } from '../src/infra/dynamo/expressions.ts'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { createLogger } from '../src/infra/logger.ts'
import { codePoint } from './support/code-point.ts'
import { openDatabase } from './support/database.ts'
import { rounds } from './support/heavy.ts'

const database = openDatabase()

beforeAll(() => ensureTables(database, [{ name: 'Notes', partitionKey: 'note_id' }], createLogger('silent')))
afterAll(() => database.close())

/**
 * Words that DynamoDB reserves, that JavaScript gives a meaning to, and whatever else somebody may think of; but
 * for `__proto__`, which the SDK loses when it reads an item.
 */
const names = fc
  .oneof(
    fc.constantFrom(
      'name',
      'value',
      'date',
      'size',
      'status',
      'user',
      'counter',
      'ttl',
      'SET',
      'add',
      'not',
      'a.b',
    ),
    fc.constantFrom(
      'constructor',
      'toString',
      '__proto__',
      'hasOwnProperty',
      '0',
      '#name',
      ':name',
      'a b',
      'a-b',
      'ä',
    ),
    fc.string({ unit: codePoint, minLength: 1, maxLength: 20 }).filter(name => name !== '__proto__'),
  )
  .filter(name => name !== '__proto__')

const values = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('constructor', 'name', 'a b'), fc.string(), { noNullPrototype: true }),
  fc.constant(null),
  fc.constant(undefined),
)

type Item = Record<string, unknown>
const holding = (entries: Iterable<readonly [string, unknown]>): Item => Object.fromEntries(entries)

let made = 0

test('an item becomes what the expression says, whatever its attributes are called', async () => {
  const attributes = fc.uniqueArray(
    fc.record({
      name: names,
      before: values,
      kind: fc.constantFrom('set', 'add'),
      value: values,
      by: fc.integer(),
    }),
    { selector: ({ name }) => name, minLength: 1, maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(attributes, async given => {
      const note_id = `n${made++}`
      const sets = given.filter(({ kind, name }) => kind === 'set' && name !== 'note_id')
      const adds = given.filter(({ kind, by, name }) => kind === 'add' && by !== 0 && name !== 'note_id')
      fc.pre(sets.some(({ value }) => value !== undefined) || adds.length > 0)

      const before = sets.filter(({ before }) => before !== null && before !== undefined)
      const Item = holding([
        ['note_id', note_id],
        ...before.map(({ name, before }) => [name, before] as const),
      ])
      await database.transact([{ item: { Put: { TableName: database.table('Notes'), Item } } }])

      const expression = change(
        holding(sets.map(({ name, value }) => [name, value])),
        Object.fromEntries(adds.map(({ name, by }) => [name, by])),
      )
      await database.update('Notes', { Key: { note_id }, ...expression })

      const after = new Map(Object.entries(Item))
      for (const { name, value } of sets) {
        if (value === null) after.delete(name)
        else if (value !== undefined) after.set(name, value)
      }
      for (const { name, by } of adds) after.set(name, by)
      const found = await database.get('Notes', { note_id })
      expect(found).toEqual(holding(after))
    }),
    { numRuns: rounds(100, 30) },
  )
})

test('numbers add up, nothing is added where there is nothing to add, null takes an attribute away', async () => {
  const Key = { note_id: 'sum' }
  await database.update('Notes', { Key, ...change({ text: 'a', size: 1 }, { count: 2 }) })
  await database.update('Notes', { Key, ...change({ text: null, size: undefined }, { count: -5, other: 0 }) })
  expect(await database.get('Notes', Key)).toEqual({ note_id: 'sum', size: 1, count: -3 })
})
