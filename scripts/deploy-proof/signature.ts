import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/

/**
 * What is wrong with the signature (AWS Signature Version 4) of a POST to `/`, as the query and JSON protocols of AWS
 * send it; null when it was made with these credentials, for this service, within five minutes.
 */
export const signatureFault = (
  req: IncomingMessage,
  body: Buffer,
  expected: { accessKeyId: string; secretAccessKey: string; token: string; region: string; service: string },
): string | null => {
  const parts = AUTHORIZATION.exec(String(req.headers.authorization))
  if (!parts) return 'MissingAuthenticationToken'
  const [, keyId, date = '', region = '', service = '', signed = '', signature] = parts
  const time = String(req.headers['x-amz-date'])
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (keyId !== expected.accessKeyId || req.headers['x-amz-security-token'] !== expected.token) {
    return 'UnrecognizedClientException'
  }
  if (region !== expected.region || service !== expected.service) return 'InvalidSignatureException'
  if (!(Math.abs(Date.now() - at) < 300_000)) return 'RequestTimeTooSkewed'

  const headers = signed.split(';').map(name => `${name}:${String(req.headers[name]).trim()}\n`)
  const canonical = [req.method, req.url, '', headers.join(''), signed, hash(body)].join('\n')
  const scope = `${date}/${region}/${service}/aws4_request`
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${expected.secretAccessKey}`,
  )
  const due = hmac(key, ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n')).toString('hex')
  return due === signature ? null : 'InvalidSignatureException'
}
