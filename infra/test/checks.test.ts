import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { App, Stack } from 'aws-cdk-lib'
import { CfnBucket } from 'aws-cdk-lib/aws-s3'
import { ACTIONS, commandsOf } from './commands.ts'
import { file } from './project-file.ts'
import { faultsOf } from './specification.ts'
import { SETTINGS, synth } from './synth.ts'

const { acknowledged, ofType, report, resources } = synth()

describe('what others know of templates', () => {
  test('cdk-nag and CloudFormation have nothing to say that is not answered with a reason', () => {
    for (const { pluginName, violations } of report.pluginReports)
      assert.deepEqual(violations, [], pluginName)
    const answered = acknowledged.flatMap(entry => Object.entries<string>(entry))
    for (const [rule, reason] of answered) assert.ok(reason.length > 30, rule)
    const rules = answered.flatMap(([rule]) => /^Annotation::AwsSolutions-(\w+)/.exec(rule)?.[1] ?? [])
    assert.deepEqual([...new Set(rules)].sort(), ['AEC5', 'AEC6', 'AS3', 'EC23', 'IAM5', 'S1'])
  })

  test('cdk-nag does look: a bucket that somebody adds without thinking is found', () => {
    const careless = (app: App) => {
      const stack = app.node.findChild('plaza-production-data')
      new CfnBucket(stack as Stack, 'Careless')
    }
    assert.throws(() => synth({}, careless), /Validation failed/)
  })

  test('each property is one that CloudFormation knows, and none is missing', () => {
    assert.ok(resources.length > 100)
    assert.deepEqual(
      resources.flatMap(([id, { Type, Properties }]) =>
        faultsOf(Type, Properties).map(fault => `${id}: ${fault}`),
      ),
      [],
    )
  })

  test('and a misspelt or a missing one would be found, however deep', () => {
    const [table] = ofType('AWS::DynamoDB::Table')
    const wrong = { ...table?.Properties, PointInTimeRecoverySpecification: { Enabled: true } }
    assert.deepEqual(faultsOf('AWS::DynamoDB::Table', wrong), [
      'PointInTimeRecoverySpecification.Enabled is not known',
    ])
    assert.deepEqual(faultsOf('AWS::DynamoDB::Table', { ...table?.Properties, KeySchema: undefined }), [
      'KeySchema is missing',
    ])
    const keys = [{ AttributeName: 'id' }]
    assert.deepEqual(faultsOf('AWS::DynamoDB::Table', { ...table?.Properties, KeySchema: keys }), [
      'KeySchema[0].KeyType is missing',
    ])
  })
})

describe('permissions', () => {
  interface Statement {
    Sid?: string
    Effect: string
    Action: string | string[]
    Resource: unknown
    Condition?: object
  }
  const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value])
  const statements: Statement[] = ofType('AWS::IAM::Policy').flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  )
  const text = (resource: unknown): string =>
    typeof resource === 'string' ? resource : JSON.stringify(resource)

  test('name actions, never a service or all of them', () => {
    for (const { Action } of statements)
      for (const action of list(Action)) assert.match(action, /^[a-z0-9]+:[A-Za-z]+$/)
  })

  test('name resources, but for objects, log streams, and what has no resource to AWS', () => {
    const wild = statements.flatMap(({ Action, Resource, Condition }) =>
      list(Resource)
        .map(text)
        .filter(resource => resource.includes('*'))
        .map(resource => ({ resource, actions: list(Action), bound: Condition !== undefined })),
    )
    const bucket = 'arn:aws:s3:::plaza-production-files-123456789012-eu-central-1'
    const logs = 'arn:aws:logs:eu-central-1:123456789012:log-group:/plaza'
    const objects = 'GetObject PutObject DeleteObject AbortMultipartUpload ListMultipartUploadParts'
      .split(' ')
      .map(action => `s3:${action}`)
    const sorted = (entries: typeof wild) =>
      entries.map(entry => JSON.stringify({ ...entry, actions: entry.actions.sort() })).sort()
    assert.deepEqual(
      sorted(wild),
      sorted([
        { resource: `${bucket}/user-files/*`, actions: objects, bound: false },
        { resource: `${bucket}/thumbnails/*`, actions: objects, bound: false },
        { resource: `${logs}/service:log-stream:i-*`, actions: ['logs:PutLogEvents'], bound: false },
        { resource: `${logs}/boot:log-stream:i-*`, actions: ['logs:PutLogEvents'], bound: false },
        { resource: '*', actions: ['cloudwatch:PutMetricData'], bound: true },
        { resource: '*', actions: ['ec2:DescribeTags'], bound: true },
      ]),
    )
  })

  test('are all that the service asks for, and no more', () => {
    const asked = commandsOf(new URL('../../src/', import.meta.url)).flatMap(command => {
      const actions = ACTIONS[command]
      assert.ok(actions, `${command}: say here which action it needs, and allow that in lib/permissions.ts`)
      return actions
    })
    const given = statements
      .flatMap(({ Action }) => list(Action))
      .filter(action => /^(s3|dynamodb|ses):/.test(action))
    assert.deepEqual([...new Set(given)].sort(), [...new Set(asked)].sort())
  })

  test('add to the log, and neither read it nor take anything away', () => {
    const logging = statements.flatMap(({ Action }) => list(Action)).filter(action => /^logs:/.test(action))
    // A shorter retention would take the log away, too.
    assert.deepEqual(logging.sort(), ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'])
    const agent = JSON.parse(
      file('ami/root/opt/aws/amazon-cloudwatch-agent/etc/amazon-cloudwatch-agent.json'),
    )
    for (const collected of agent.logs.logs_collected.files.collect_list)
      assert.equal(collected.retention_in_days, undefined)
    for (const { Properties } of ofType('AWS::Logs::LogGroup')) assert.equal(Properties.RetentionInDays, 30)
  })

  test('are for EC2 instances alone, with nothing of AWS’s own making', () => {
    const roles = ofType('AWS::IAM::Role').map(({ Properties }) => Properties)
    assert.equal(roles.length, 1)
    assert.deepEqual(roles[0].AssumeRolePolicyDocument.Statement[0].Principal, {
      Service: 'ec2.amazonaws.com',
    })
    assert.equal(roles[0].ManagedPolicyArns, undefined)
  })
})

describe('settings', () => {
  const refusal = (more: Record<string, string>) => {
    try {
      synth({ ...SETTINGS, ...more })
    } catch (error) {
      return String(error)
    }
    return 'taken'
  }

  test('that are wrong are all named in one sentence, before anything is made', () => {
    const said = refusal({
      certificateArn: 'my certificate',
      corsOrigins: '*',
      alarmEmail: 'me',
      stage: 'Prod',
    })
    for (const name of ['certificateArn', 'corsOrigins', 'alarmEmail', 'stage'])
      assert.ok(said.includes(name), name)
  })
})
