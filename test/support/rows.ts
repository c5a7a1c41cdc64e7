import type { TestApp } from './app.ts'

type Row = Record<string, unknown>

/** Every row of a table, or those that hold something. */
export const rowsOf = async (app: TestApp, table: string, about = ''): Promise<Row[]> => {
  const rows: Row[] = []
  for await (const row of app.context.backends.dynamo.scan<Row>(table)) {
    if (JSON.stringify(row).includes(about)) rows.push(row)
  }
  return rows
}
