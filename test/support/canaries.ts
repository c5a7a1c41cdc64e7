import { randomBytes } from 'node:crypto'
import type { Sent } from './exchange.ts'
import type { Described } from './openapi-checker.ts'
import { form } from './uploads.ts'

/** What every one of them begins with, and nothing else does. */
export const CANARY = 'CANARY'

/** Something that must not be found where nobody has a right to see it. */
export const canary = () => `${CANARY}${randomBytes(9).toString('hex')}`

/**
 * The same as the name of a field that nobody knows. Whoever sends one is told which it was, by a pointer; nobody else
 * is.
 */
export const NAME = 'MAGPIE'
const oddName = () => `${NAME}${randomBytes(9).toString('hex')}`

/** By the name of a field, where a string must look like something to be taken. */
const LOOKS: Record<string, () => string> = {
  email: () => `${canary()}@example.com`,
  image_url: () => `https://images.example.com/${canary()}`,
  file_type: () => `application/${canary()}`,
  fileType: () => `application/${canary()}`,
  fileContent: () => Buffer.from(canary()).toString('base64'),
}

/** Strings that are no secret of anybody's, and of which only some are taken. */
const KEPT = /^(?:like_type|checksum_sha256|etag)$/

/** A body that is taken, with a canary in each of its strings. */
const sung = (name: string, value: unknown): unknown => {
  if (typeof value === 'string') return KEPT.test(name) ? value : (LOOKS[name] ?? canary)()
  if (Array.isArray(value)) return value.map(one => sung(name, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, sung(key, one)]))
}

/** The same body as one that is refused, for something in each of its fields. */
const garbled = (value: unknown) => {
  const fields = typeof value === 'object' && value !== null ? Object.keys(value) : []
  return { ...Object.fromEntries(fields.map(name => [name, { [name]: [canary()] }])), [oddName()]: canary() }
}

const jsonType = { 'Content-Type': 'application/json' }

const file = (): Partial<Sent> => {
  const field = (name: string, body: string) => ({ head: `name="${name}"`, body })
  return form([
    field('tags', JSON.stringify([canary()])),
    field('is_public', 'true'),
    { head: `name="file"; filename="${canary()}.txt"\r\nContent-Type: text/${canary()}`, body: canary() },
  ])
}

/** A body for each media type that the operation takes. */
const bodiesFor = ({ requestBody }: Described): { taken: Partial<Sent>[]; refused: Partial<Sent>[] } => {
  const taken: Partial<Sent>[] = []
  const refused: Partial<Sent>[] = []
  for (const [type, { example }] of Object.entries(requestBody?.content ?? {})) {
    if (type === 'application/json') {
      taken.push({ headers: jsonType, body: JSON.stringify(sung('', example)) })
      const broken = `{"${oddName()}": "${canary()}", ${canary()}`
      for (const body of [JSON.stringify(garbled(example)), `"${canary()}"`, broken])
        refused.push({ headers: jsonType, body })
    } else if (type === 'multipart/form-data') {
      taken.push(file())
      refused.push(form([{ head: `name="${oddName()}"`, body: canary() }]))
      refused.push({ headers: { 'Content-Type': `${type}; boundary=${canary()}` }, body: canary() })
    } else taken.push({ headers: { 'Content-Type': type }, body: canary() })
  }
  refused.push({ headers: { 'Content-Type': `text/${canary()}` }, body: canary() })
  return { taken: taken.length > 0 ? taken : [{}], refused }
}

/** In every header that a client may send and that means something somewhere; but the request's id is logged. */
const headersFor = ({ parameters }: Described, token: string | null): Record<string, string> => ({
  ...Object.fromEntries(parameters.filter(one => one.in === 'header').map(({ name }) => [name, canary()])),
  Authorization: `Bearer ${token ?? canary()}`,
  Cookie: `session=${canary()}`,
  'User-Agent': canary(),
  Referer: `https://example.com/?token=${canary()}`,
  Origin: `https://${canary()}.example.com`,
  'X-Api-Key': canary(),
  'If-None-Match': `"${canary()}"`,
  Range: `bytes=${canary()}`,
})

/**
 * Requests with a canary in each field of an operation: such as go through where `token` and `ids` are somebody's,
 * and such as are refused, one way or another.
 * @param ids what stands for the parameters of the path
 */
export const canaryRequests = (operation: Described, token: string, ids: Record<string, string>): Sent[] => {
  const { method, template, parameters } = operation
  const path = (of: (name: string) => string) =>
    template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(of(name)))
  const own = path(name => ids[name] ?? canary())
  const query = parameters.filter(one => one.in === 'query').map(({ name }) => `${name}=${canary()}`)
  const signed = `X-Amz-Signature=${canary()}&token=${canary()}&${oddName()}=1`
  const { taken, refused } = bodiesFor(operation)
  const with_ = (sent: Partial<Sent>, whose: string | null, url: string): Sent => ({
    ...{ method, path: url, ...sent },
    headers: { ...headersFor(operation, whose), ...sent.headers },
  })
  return [
    ...taken.map(sent => with_(sent, token, own)),
    ...refused.map(sent => with_(sent, token, own)),
    ...taken.flatMap(sent => [
      with_(sent, token, `${own}?${[...query, signed].join('&')}`),
      with_(sent, token, path(canary)),
      with_(sent, null, own),
    ]),
    ...query.map(one => with_(taken[0] ?? {}, token, `${own}?${one}`)),
  ]
}
