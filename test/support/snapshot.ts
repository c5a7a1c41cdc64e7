import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { TABLES } from '../../src/tables.ts'
import type { TestApp } from './app.ts'
import { until } from './until.ts'

/** With the fields of everything in it sorted: a database may tell them in any order. */
const inOrder = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** Every item of every table, sorted: two of them are equal when nothing was written in between. */
export const snapshot = async (app: TestApp): Promise<string[]> => {
  const { dynamo } = app.context.backends
  const items: string[] = []
  for (const { name } of TABLES) {
    let from: Record<string, never> | undefined
    do {
      const scan = new ScanCommand({
        TableName: dynamo.table(name),
        ConsistentRead: true,
        ...(from && { ExclusiveStartKey: from }),
      })
      const page = await dynamo.client.send(scan)
      items.push(...(page.Items ?? []).map(item => `${name} ${JSON.stringify(item, inOrder)}`))
      from = page.LastEvaluatedKey as typeof from
    } while (from)
  }
  return items.sort()
}

/** Waits until nothing is left to be done after earlier writes. */
export const settled = (app: TestApp) =>
  until(
    () => app.context.outbox.waiting(),
    waiting => waiting === 0,
  )
