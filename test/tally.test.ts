import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Dynamo } from '../src/infra/dynamo/dynamo.ts'
import { change } from '../src/infra/dynamo/expressions.ts'
import { ensureTables } from '../src/infra/dynamo/tables.ts'
import { createTally, type TallyOptions } from '../src/infra/dynamo/tally.ts'
import { createLogger } from '../src/infra/logger.ts'
import { openDatabase } from './support/database.ts'
import { failure, startDynamoProxy } from './support/dynamo-proxy.ts'
import { until } from './support/until.ts'

const table = { name: 'Things', partitionKey: 'thing_id' }

type Answer = Parameters<typeof startDynamoProxy>[0]

describe('numbers that are counted in memory and brought to the database', () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  /** A tally of what things have, behind a line to the database that may break. */
  const opened = async (answer: Answer = () => undefined, options: Partial<TallyOptions> = {}) => {
    const database = openDatabase()
    undo.push(database.close)
    const lines: string[] = []
    const logger = createLogger('info', { write: line => void lines.push(JSON.parse(line).msg) })
    await ensureTables(database, [table], logger)
    const proxy = await startDynamoProxy(answer)
    undo.push(proxy.close)
    const dynamo: Dynamo = openDatabase(proxy.endpoint, database.tablePrefix)
    undo.push(dynamo.close)
    const write = (thing_id: string, by: number) => ({
      item: {
        Update: {
          TableName: database.table(table.name),
          Key: { thing_id },
          ...change({}, { number: by }),
          ConditionExpression: 'attribute_exists(thing_id)',
        },
      },
    })
    const tally = createTally({ dynamo, logger, what: 'things', write, ...options })
    return {
      tally,
      proxy,
      lines,
      make: (...ids: string[]) =>
        database.writeMany(
          table.name,
          ids.map(thing_id => ({ thing_id })),
          [],
        ),
      number: async (thing_id: string) =>
        (await database.get<{ number?: number }>(table.name, { thing_id }))?.number ?? 0,
      sent: () => proxy.inputs('TransactWriteItems').length,
    }
  }

  const many = (count: number) => Array.from({ length: count }, () => randomUUID())

  test('are one write for each key, however often they were counted, and none without any', async () => {
    const { tally, make, number, sent } = await opened()
    const ids = many(60)
    await make(...ids)
    for (let time = 0; time < 10; time++) for (const id of ids) tally.add(id, 1)
    tally.add(ids[0] ?? '', -10)
    expect(await tally.flush()).toBe(true)
    expect(await Promise.all(ids.map(number))).toEqual([0, ...Array(59).fill(10)])
    expect(sent()).toBe(3)
    expect(await tally.flush()).toBe(true)
    expect(sent()).toBe(3)
  })

  test('are added once, however often the answer got lost', async () => {
    let left = 7
    const { tally, make, number, sent, lines } = await opened(({ operation }) =>
      operation === 'TransactWriteItems' && left-- > 0 ? 'lost' : undefined,
    )
    await make('a', 'b')
    tally.add('a', 1)
    expect(await tally.flush()).toBe(false)
    // What is counted meanwhile goes its own way.
    tally.add('a', 2)
    tally.add('b', 5)
    while (!(await tally.flush())) tally.add('b', 10)
    await tally.flush()
    expect(await number('a')).toBe(3)
    expect((await number('b')) % 10).toBe(5)
    expect(sent()).toBeGreaterThan(7)
    expect(lines).toEqual(['counting things failed, and is tried again', 'counting things works again'])
  })

  test('drop what is not there any more, and keep the others of its batch, also when their answer gets lost', async () => {
    const tokens = new Set<unknown>()
    const { tally, make, number } = await opened(({ operation, input }) => {
      if (operation !== 'TransactWriteItems') return undefined
      tokens.add(input.ClientRequestToken)
      return tokens.size === 2 ? 'lost' : undefined
    })
    await make('a', 'c')
    for (const id of ['a', 'b', 'c', 'd']) tally.add(id, 2)
    expect(await tally.flush()).toBe(false)
    tally.add('c', 1)
    expect(await tally.flush()).toBe(true)
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(number))).toEqual([2, 0, 3, 0])
  })

  test('are given up where the fault is ours, with a line in the log', async () => {
    const { tally, lines, sent } = await opened(({ operation }) =>
      operation === 'TransactWriteItems' ? failure('ValidationException') : undefined,
    )
    tally.add('a', 1)
    expect(await tally.flush()).toBe(true)
    expect(lines).toEqual(['things could not be counted'])
    expect(sent()).toBe(1)
  })

  test('are bounded while the database is away', async () => {
    let away = true
    const { tally, make, number, lines } = await opened(
      ({ operation }) =>
        away && operation === 'TransactWriteItems'
          ? { ...failure('InternalServerError'), status: 500 }
          : undefined,
      { mostKeys: 50 },
    )
    const ids = many(300)
    await make(...ids)
    const taken = ids.filter(id => tally.add(id, 1))
    expect(taken).toHaveLength(50)
    // Known keys are counted on.
    expect(tally.add(ids[0] ?? '', 1)).toBe(true)
    expect(await tally.flush()).toBe(false)
    const more = ids.slice(50).filter(id => tally.add(id, 1))
    expect(more).toHaveLength(50)
    expect(await tally.flush()).toBe(false)
    expect(ids.slice(100).filter(id => tally.add(id, 1))).toEqual([])
    expect(lines.filter(line => line.includes('no room'))).toHaveLength(1)
    away = false
    await until(tally.flush, done => done)
    expect(await Promise.all(ids.slice(0, 101).map(number))).toEqual([2, ...Array(99).fill(1), 0])
  })

  test('go on by themselves, and stopping brings the last of them', async () => {
    const { tally, make, number } = await opened(undefined, { flushMs: 20 })
    await make('a')
    tally.start()
    tally.add('a', 1)
    await until(
      () => number('a'),
      seen => seen === 1,
    )
    tally.add('a', 1)
    await tally.stop()
    expect(await number('a')).toBe(2)
    expect(tally.add('a', 1)).toBe(false)
  })
})
