import { z } from 'zod'
import type { TestApp } from './app.ts'
import { exchange, type Reply } from './exchange.ts'
import type { SeededUser } from './seed.ts'

type At = Pick<TestApp, 'url'>

/** Posts JSON with an Idempotency-Key, as text or as a value. */
export const keyed = (
  { url }: At,
  { token }: Pick<SeededUser, 'token'>,
  key: string | null,
  path: string,
  body: unknown,
): Promise<Reply> =>
  exchange(url, {
    method: 'POST',
    path,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      ...(key !== null && { 'Idempotency-Key': key }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

/** What of a reply must be the same each time. */
export const essenceOf = ({ status, text, headers }: Reply) => ({
  status,
  text,
  type: headers.get('content-type'),
  location: headers.get('location'),
})

export const isReplay = ({ headers }: Reply) => headers.get('idempotent-replayed') === 'true'

const Coded = z.object({ code: z.string() })

export const codeOf = ({ status, text }: Reply) => `${status} ${Coded.parse(JSON.parse(text)).code}`
