import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Instance } from './metadata.ts'
import { signatureFault } from './signature.ts'

/** What the auto-scaling group was told, in order: the action and its parameters. */
export type Told = Record<string, string>

const PAGE = 10

/** Parameters under a path, in pages of ten as the real service gives them, secrets only when decryption is asked for. */
const getParametersByPath = (body: Buffer, parameters: Record<string, string>) => {
  const { Path, WithDecryption, NextToken, MaxResults = PAGE } = JSON.parse(body.toString())
  const all = Object.entries(parameters).filter(([name]) => name.startsWith(`${Path}/`))
  const from = Number(NextToken ?? 0)
  const to = from + Math.min(MaxResults, PAGE)
  return {
    Parameters: all.slice(from, to).map(([Name, Value]) => ({
      Name,
      Type: 'SecureString',
      Value: WithDecryption ? Value : 'AQICAHh',
      Version: 1,
    })),
    ...(to < all.length && { NextToken: String(to) }),
  }
}

const ACTIONS: Record<string, string[]> = {
  CompleteLifecycleAction: [
    'AutoScalingGroupName',
    'LifecycleHookName',
    'LifecycleActionResult',
    'InstanceId',
  ],
  SetInstanceHealth: ['InstanceId', 'HealthStatus'],
}

/**
 * Stands in for the two regional services of AWS that an instance talks to, Systems Manager (GetParametersByPath) and
 * Auto Scaling (CompleteLifecycleAction, SetInstanceHealth). It checks signatures and names like they do. It checks no
 * IAM policy, and nothing is launched or terminated: what it was told is handed to `told`.
 */
export const serveControlPlane = (
  tls: { key: Buffer; cert: Buffer },
  instance: Instance,
  parameters: Record<string, string>,
  told: (action: Told) => void,
): Server => {
  const json = (res: ServerResponse, status: number, reply: unknown) =>
    res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(reply))

  const ssm = (req: IncomingMessage, res: ServerResponse, body: Buffer) => {
    if (req.headers['x-amz-target'] !== 'AmazonSSM.GetParametersByPath') {
      return json(res, 400, { __type: 'UnknownOperationException' })
    }
    return json(res, 200, getParametersByPath(body, parameters))
  }

  const autoscaling = (_req: IncomingMessage, res: ServerResponse, body: Buffer) => {
    const query = Object.fromEntries(new URLSearchParams(body.toString()))
    const action = query.Action ?? ''
    const complete =
      ACTIONS[action]?.every(name => query[name]) &&
      query.InstanceId === instance.id &&
      [undefined, instance.tags['aws:autoscaling:groupName']].includes(query.AutoScalingGroupName) &&
      [undefined, instance.tags['plaza:launch-hook']].includes(query.LifecycleHookName)
    if (complete) told(query)
    const xml = complete
      ? `<${action}Response><${action}Result/><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`
      : '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>No such instance, group or hook</Message></Error></ErrorResponse>'
    return res.writeHead(complete ? 200 : 400, { 'Content-Type': 'text/xml' }).end(xml)
  }

  const services: Record<string, typeof ssm> = { ssm, autoscaling }

  return createServer(tls, async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const service = String(req.headers.host).split('.')[0] ?? ''
    const { region, role } = instance
    const fault = signatureFault(req, body, { ...role, region, service })
    const answer = services[service]
    if (fault || !answer) json(res, 403, { __type: fault ?? 'AccessDeniedException', message: fault })
    else answer(req, res, body)
  })
}
