import type { Sent } from './exchange.ts'

/** What stands for values that only an earlier reply tells, by these values: names of shell variables. */
export type Variables = ReadonlyMap<string, string>

/** Text for a shell, as it stands but for the values that have a name. */
const quoted = (text: string, variables: Variables) => {
  const plain = `'${text.replaceAll("'", "'\\''")}'`
  let all = plain
  for (const [value, name] of variables) all = all.replaceAll(value, `'"$${name}"'`)
  return all
}

const header = (name: string, value: string) => (value === '' ? `${name};` : `${name}: ${value}`)

/**
 * A request as a command for a shell, which sends the same bytes: curl is kept from adding a Content-Type, from
 * leaving out an empty header and from tidying up the path. A body that is no text for a shell goes in as Base64.
 */
export const curl = (url: string, sent: Sent, variables: Variables = new Map()): string => {
  const { method, path, headers = {}, body } = sent
  const typed = Object.keys(headers).some(name => name.toLowerCase() === 'content-type')
  const lines = Object.entries(headers).map(([name, value]) => header(name, value))
  if (body !== undefined && !typed) lines.push('Content-Type:')
  const odd = body !== undefined && (typeof body !== 'string' || body.includes('\0'))
  const data = odd ? '@-' : body
  const command = [
    'curl -sS --globoff --path-as-is --include --request',
    method,
    quoted(url + path, variables),
    ...lines.map(line => `--header ${quoted(line, variables)}`),
    // One that begins with @ would be the name of a file.
    ...(data === undefined ? [] : [odd ? '--data-binary @-' : `--data-raw ${quoted(data, variables)}`]),
  ].join(' ')
  return odd ? `base64 -d <<<${Buffer.from(body).toString('base64')} | ${command}` : command
}
