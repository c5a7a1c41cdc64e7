import type { Stack } from 'aws-cdk-lib'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { DataStack } from './data.ts'
import { bucketName, LOG_GROUPS, parametersPath, type Settings } from './settings.ts'

/** The host's own figures, which the CloudWatch agent of the image sends. */
const HOST_NAMESPACE = 'Plaza/Host'

const allow = (sid: string, actions: string[], resources: string[], conditions?: Record<string, object>) =>
  new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, ...(conditions && { conditions }) })

const each = (service: string, actions: string) => actions.split(' ').map(action => `${service}:${action}`)

interface Permissions {
  statements: PolicyStatement[]
  /** Resources that cannot be named one by one, and why. */
  wildcards: { resource: string; reason: string }[]
}

/**
 * What an instance may do, by hand: CDK's `grant…` gives more than the service uses, with wildcards. Whoever adds a
 * call to the service adds its action here.
 */
export const instancePermissions = (stack: Stack, data: DataStack, settings: Settings): Permissions => {
  const own = (service: string, resource: string) =>
    `arn:${stack.partition}:${service}:${stack.region}:${stack.account}:${resource}`
  const bucket = `arn:${stack.partition}:s3:::${bucketName(settings)}`
  const objects = ['user-files', 'thumbnails'].map(prefix => `${bucket}/${prefix}/*`)
  const logGroups = LOG_GROUPS.map(name => own('logs', `log-group:${name}`))
  const logStreams = logGroups.map(group => `${group}:log-stream:i-*`)

  const statements = [
    allow(
      'Records',
      each(
        'dynamodb',
        'GetItem BatchGetItem Query PutItem UpdateItem DeleteItem BatchWriteItem ConditionCheckItem',
      ),
      [...data.tables.values()].map(table => table.tableArn),
    ),
    allow('Indexes', ['dynamodb:Query'], [...data.indexArns]),
    // HeadBucket, which /ready asks, is ListBucket to IAM; so is the difference between 404 and 403.
    allow('Bucket', each('s3', 'ListBucket ListBucketMultipartUploads'), [bucket]),
    allow(
      'Files',
      each('s3', 'GetObject PutObject DeleteObject AbortMultipartUpload ListMultipartUploadParts'),
      objects,
    ),
    allow(
      'Variables',
      ['ssm:GetParametersByPath'],
      [own('ssm', `parameter${parametersPath(settings.stage)}`)],
    ),
    ...(settings.mailIdentity === undefined
      ? []
      : [allow('Mail', ['ses:SendEmail'], [own('ses', `identity/${settings.mailIdentity}`)])]),
    // Not PutRetentionPolicy, which the agent would like: a shorter one takes away what an intruder has left there.
    allow('LogGroups', each('logs', 'CreateLogStream DescribeLogStreams'), logGroups),
    allow('LogLines', ['logs:PutLogEvents'], logStreams),
    allow('HostFigures', ['cloudwatch:PutMetricData'], ['*'], {
      StringEquals: { 'cloudwatch:namespace': HOST_NAMESPACE },
    }),
    allow('Tags', ['ec2:DescribeTags'], ['*'], { StringEquals: { 'aws:RequestedRegion': stack.region } }),
  ]
  const wildcards = [
    ...objects.map(resource => ({
      resource,
      reason: 'The files of users, whose keys are made as they come.',
    })),
    ...logStreams.map(resource => ({ resource, reason: 'Streams are named after instances.' })),
    {
      resource: '*',
      reason: 'AWS knows no resources for PutMetricData, held to one namespace, nor DescribeTags.',
    },
  ]
  return { statements, wildcards }
}

/** What it may say of itself to its group. */
export const groupPermissions = (groupArn: string): PolicyStatement[] => [
  allow('Group', each('autoscaling', 'CompleteLifecycleAction SetInstanceHealth'), [groupArn]),
]
