import type { TestApp } from './app.ts'
import { BACKGROUND } from './watched-dynamo.ts'

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined

const tablesOf = (input: unknown): string[] => {
  const single = field(input, 'TableName')
  return single === undefined ? Object.keys(field(input, 'RequestItems') ?? {}) : [String(single)]
}

/**
 * Every request that an app's client sends to the database while `work` is done, as `Query Comments` or
 * `BatchGetItem Posts,Users`, in order, without what runs in the background.
 */
export const requestsOf = async (app: TestApp, work: () => PromiseLike<unknown>): Promise<string[]> => {
  const { dynamo } = app.context.backends
  const requests: string[] = []
  const name = 'requests-of-a-test'
  dynamo.client.middlewareStack.add(
    (next, context) => args => {
      const tables = tablesOf(args.input).map(table => table.slice(dynamo.table('').length))
      const command = String(context.commandName).replace(/Command$/, '')
      if (!tables.some(table => BACKGROUND.includes(table)))
        requests.push(`${command} ${tables.sort().join()}`)
      return next(args)
    },
    { step: 'build', name },
  )
  try {
    await work()
  } finally {
    dynamo.client.middlewareStack.remove(name)
  }
  return requests
}
