import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** What the instance is told about itself. */
export interface Instance {
  id: string
  region: string
  tags: Record<string, string>
  role: { name: string; accessKeyId: string; secretAccessKey: string; token: string }
  /** For cloud-init's EC2 data source; where it is left out, there is none. */
  userData?: Buffer
}

const credentialsOf = ({ role }: Instance) =>
  JSON.stringify({
    Code: 'Success',
    LastUpdated: new Date().toISOString(),
    Type: 'AWS-HMAC',
    AccessKeyId: role.accessKeyId,
    SecretAccessKey: role.secretAccessKey,
    Token: role.token,
    Expiration: new Date(Date.now() + 6 * 3600_000).toISOString(),
  })

/** Everything that is answered, under `/latest/`. */
const documents = (instance: Instance): Record<string, string | Buffer> => ({
  'meta-data/instance-id': instance.id,
  'meta-data/ami-id': 'ami-0123456789abcdef0',
  'meta-data/instance-type': 't3.medium',
  'meta-data/local-hostname': 'plaza',
  'meta-data/placement/region': instance.region,
  'meta-data/placement/availability-zone': `${instance.region}a`,
  'meta-data/iam/security-credentials/': instance.role.name,
  [`meta-data/iam/security-credentials/${instance.role.name}`]: credentialsOf(instance),
  ...Object.fromEntries(
    Object.entries(instance.tags).map(([key, value]) => [`meta-data/tags/instance/${key}`, value]),
  ),
  'meta-data/': 'ami-id\ninstance-id\ninstance-type\nlocal-hostname\nplacement/',
  'meta-data/placement/': 'availability-zone\nregion',
  'dynamic/instance-identity': 'document',
  'dynamic/instance-identity/document': JSON.stringify({
    instanceId: instance.id,
    region: instance.region,
    availabilityZone: `${instance.region}a`,
    accountId: '123456789012',
  }),
  ...(instance.userData && { 'user-data': instance.userData }),
})

/** Hands out a token to whoever asks as the real one wants it: no proxy on the way, and for how long. */
const handOut = (req: IncomingMessage, res: ServerResponse, tokens: Set<string>) => {
  const ttl = String(req.headers['x-aws-ec2-metadata-token-ttl-seconds'])
  if (!/^\d+$/.test(ttl) || req.headers['x-forwarded-for']) return res.writeHead(400).end()
  const token = randomBytes(32).toString('base64')
  tokens.add(token)
  return res.writeHead(200, { 'X-Aws-Ec2-Metadata-Token-Ttl-Seconds': ttl }).end(token)
}

/**
 * Stands in for the EC2 instance metadata service, version 2 only: without a token of its own making it answers 401,
 * and 404 to what it does not know. Each GET is passed on to `asked` with its path and its status.
 */
export const serveMetadata = (instance: Instance, asked: (path: string, status: number) => void): Server => {
  const tokens = new Set<string>()
  return createServer((req, res) => {
    const path = decodeURIComponent(req.url ?? '')
    if (req.method === 'PUT' && path === '/latest/api/token') return handOut(req, res, tokens)
    // cloud-init asks by the date of a version of the interface.
    const body = documents(instance)[path.replace(/^\/(?:latest|\d{4}-\d\d-\d\d)\//, '')]
    const known = tokens.has(String(req.headers['x-aws-ec2-metadata-token']))
    const status = !known ? 401 : body === undefined ? 404 : 200
    asked(path, status)
    return res.writeHead(status, { 'Content-Type': 'text/plain' }).end(status === 200 ? body : undefined)
  })
}
