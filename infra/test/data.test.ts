import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TABLES } from '../../src/tables.ts'
import { file } from './project-file.ts'
import { synth } from './synth.ts'

const { ofType, only, resources } = synth()

describe('what is kept', () => {
  test('is the tables that the service has, with the keys and indexes that it has', () => {
    const made = ofType('AWS::DynamoDB::Table').map(({ Properties }) => Properties)
    assert.deepEqual(
      made.map(({ TableName }) => TableName).sort(),
      TABLES.map(({ name }) => `plaza-production-${name}`).sort(),
    )
    for (const spec of TABLES) {
      const table = made.find(({ TableName }) => TableName === `plaza-production-${spec.name}`)
      const key = (of: { partitionKey: string; sortKey?: string }) => [
        { AttributeName: of.partitionKey, KeyType: 'HASH' },
        ...(of.sortKey === undefined ? [] : [{ AttributeName: of.sortKey, KeyType: 'RANGE' }]),
      ]
      const shape = (indexes: { IndexName: string; KeySchema: object[] }[] = []) =>
        indexes.map(({ IndexName, KeySchema }) => [IndexName, KeySchema])
      assert.deepEqual(table.KeySchema, key(spec))
      assert.deepEqual(
        shape(table.GlobalSecondaryIndexes),
        (spec.globalIndexes ?? []).map(index => [index.name, key(index)]),
      )
      assert.deepEqual(
        shape(table.LocalSecondaryIndexes),
        (spec.localIndexes ?? []).map(index => [index.name, key(index)]),
      )
      assert.equal(table.TimeToLiveSpecification?.AttributeName, spec.timeToLive)
      for (const { AttributeName, AttributeType } of table.AttributeDefinitions)
        assert.equal(AttributeType, spec.numbers?.includes(AttributeName) ? 'N' : 'S')
      assert.equal(table.BillingMode, 'PAY_PER_REQUEST')
      assert.equal(table.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true)
      assert.equal(table.SSESpecification.SSEEnabled, true)
      assert.equal(table.DeletionProtectionEnabled, true)
    }
  })

  test('stays when a stack goes', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup'])
      for (const { DeletionPolicy } of ofType(type)) assert.equal(DeletionPolicy, 'Retain')
  })

  test('is open to nobody, and TLS only', () => {
    for (const { Properties } of ofType('AWS::S3::Bucket')) {
      assert.deepEqual(Object.values(Properties.PublicAccessBlockConfiguration), [true, true, true, true])
      assert.ok(Properties.BucketEncryption)
    }
    const policies = ofType('AWS::S3::BucketPolicy')
    assert.equal(policies.length, 2)
    for (const { Properties } of policies) {
      const statements = Properties.PolicyDocument.Statement
      const denied = statements.filter(({ Effect }: { Effect: string }) => Effect === 'Deny')
      assert.deepEqual(denied[0].Condition, { Bool: { 'aws:SecureTransport': 'false' } })
      for (const { Effect, Principal } of statements)
        assert.ok(Effect === 'Deny' || !JSON.stringify(Principal).includes('*'), 'no bucket allows everybody')
    }
    const cache = only('AWS::ElastiCache::ReplicationGroup')
    assert.deepEqual(
      [cache.Engine, cache.TransitEncryptionEnabled, cache.MultiAZEnabled],
      ['valkey', true, true],
    )
  })

  test('of files is versioned for a month, freed of broken uploads after a day, and never where a download breaks', () => {
    const [files] = ofType('AWS::S3::Bucket').filter(({ Properties }) => Properties.VersioningConfiguration)
    assert.ok(files)
    const rules = files.Properties.LifecycleConfiguration.Rules
    assert.equal(rules[0].AbortIncompleteMultipartUpload.DaysAfterInitiation, 1)
    assert.equal(rules[1].NoncurrentVersionExpiration.NoncurrentDays, 30)
    const classes = rules.flatMap(
      (rule: { Transitions?: { StorageClass: string }[] }) => rule.Transitions ?? [],
    )
    assert.deepEqual(
      classes.map(({ StorageClass }: { StorageClass: string }) => StorageClass),
      ['GLACIER_IR'],
    )
    const [cors] = files.Properties.CorsConfiguration.CorsRules
    assert.deepEqual(cors.AllowedOrigins, ['https://app.example.com', 'https://admin.example.com'])
    assert.ok(cors.ExposedHeaders.includes('ETag'))
  })
})

describe('somebody is told', () => {
  test('by an alarm for each thing that the service can suffer from, and again when it is over', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties)
    const told = alarms.filter(({ AlarmActions }) => AlarmActions)
    assert.ok(told.every(({ OKActions, AlarmDescription }) => OKActions && AlarmDescription))
    const names = resources.flatMap(([id, { Type }]) => (Type === 'AWS::CloudWatch::Alarm' ? [id] : []))
    for (const name of ['Errors', 'Slow', 'Unhealthy', 'OutboxAge', 'OutboxDead', 'CacheInconsistency'])
      assert.ok(
        names.some(id => id.startsWith(name)),
        name,
      )
    for (const { name } of TABLES)
      assert.ok(
        names.some(id => id.startsWith(`Throttles${name}`)),
        name,
      )
  })

  test('from figures that the log does have', () => {
    const filters = ofType('AWS::Logs::MetricFilter').map(({ Properties }) => Properties)
    assert.equal(filters.length, 5)
    const vitals = file('src/infra/metrics/vitals.ts')
    for (const { FilterPattern, MetricTransformations } of filters) {
      assert.equal(FilterPattern, '{ $.msg = "vitals" }')
      assert.ok(vitals.includes(MetricTransformations[0].MetricValue.slice(2)))
    }
  })

  test('on a dashboard that CloudWatch can read', () => {
    const parts = only('AWS::CloudWatch::Dashboard').DashboardBody['Fn::Join'][1]
    const body = JSON.parse(parts.map((part: unknown) => (typeof part === 'string' ? part : 'x')).join(''))
    assert.equal(body.widgets.length, 10)
  })
})
