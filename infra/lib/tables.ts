import { RemovalPolicy } from 'aws-cdk-lib'
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import type { TableSpec } from '../../src/infra/dynamo/tables.ts'

/** One table as its store declares it: what `npm run tables` makes elsewhere, with protection against its deletion. */
export const tableOf = (scope: Construct, spec: TableSpec, prefix: string): Table => {
  const attribute = (name: string) => ({
    name,
    type: spec.numbers?.includes(name) ? AttributeType.NUMBER : AttributeType.STRING,
  })
  const table = new Table(scope, spec.name, {
    tableName: prefix + spec.name,
    partitionKey: attribute(spec.partitionKey),
    ...(spec.sortKey !== undefined && { sortKey: attribute(spec.sortKey) }),
    ...(spec.timeToLive !== undefined && { timeToLiveAttribute: spec.timeToLive }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  for (const index of spec.globalIndexes ?? [])
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      partitionKey: attribute(index.partitionKey),
      sortKey: attribute(index.sortKey),
      projectionType: ProjectionType.ALL,
    })
  for (const index of spec.localIndexes ?? [])
    table.addLocalSecondaryIndex({
      indexName: index.name,
      sortKey: attribute(index.sortKey),
      projectionType: ProjectionType.ALL,
    })
  return table
}
