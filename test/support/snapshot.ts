import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { TABLES } from '../../src/tables.ts'
import type { TestApp } from './app.ts'
import { until } from './until.ts'

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
      items.push(...(page.Items ?? []).map(item => `${name} ${JSON.stringify(Object.entries(item).sort())}`))
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
