import { Duration, RemovalPolicy, Size, Stack, type StackProps, Validations } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { CfnParameterGroup, CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache'
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  HttpMethods,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { TABLES } from '../../src/tables.ts'
import type { NetworkStack } from './network.ts'
import { bucketName, type Settings, tablePrefix } from './settings.ts'
import { tableOf } from './tables.ts'

export interface DataProps extends StackProps {
  settings: Settings
  network: NetworkStack
}

/** What outlives every instance: the tables, the bucket, and the cache, which may be lost. */
export class DataStack extends Stack {
  /** By the names that the service has for them. */
  readonly tables: ReadonlyMap<string, Table>
  /** Of all indexes, which are resources of their own to IAM. */
  readonly indexArns: readonly string[]
  readonly files: Bucket
  readonly cache: CfnReplicationGroup

  constructor(scope: Construct, id: string, { settings, network, ...props }: DataProps) {
    super(scope, id, props)
    const prefix = tablePrefix(settings.stage)
    this.tables = new Map(TABLES.map(spec => [spec.name, tableOf(this, spec, prefix)]))
    this.indexArns = TABLES.flatMap(({ name, globalIndexes = [], localIndexes = [] }) =>
      [...globalIndexes, ...localIndexes].map(
        index => `${this.tables.get(name)?.tableArn}/index/${index.name}`,
      ),
    )
    this.files = this.bucket(settings, network)
    this.cache = this.valkey(settings, network)
  }

  private bucket(settings: Settings, network: NetworkStack) {
    const { corsOrigins } = settings
    const bucket = new Bucket(this, 'Files', {
      bucketName: bucketName(settings),
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      serverAccessLogsBucket: network.logs,
      serverAccessLogsPrefix: 'files/',
      // Presigned URLs are used by pages: a client that sends parts must read their ETags.
      cors:
        corsOrigins.length === 0
          ? []
          : [
              {
                allowedOrigins: [...corsOrigins],
                allowedMethods: [HttpMethods.GET, HttpMethods.HEAD, HttpMethods.PUT],
                allowedHeaders: ['Content-Type', 'Range', 'If-None-Match'],
                exposedHeaders: ['ETag', 'Content-Range', 'Accept-Ranges'],
                maxAge: 3600,
              },
            ],
      lifecycleRules: [
        // Uploads in parts have 24 hours (docs/adr/0008-files.md); this is for what the service lost sight of.
        { id: 'DropUnfinishedUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        // A deleted file is gone for good then, and can be brought back until then.
        {
          id: 'DropOldVersions',
          noncurrentVersionExpiration: Duration.days(30),
          expiredObjectDeleteMarker: true,
        },
        // Instant Retrieval: an ordinary GET reads it, so no download ever breaks. Small ones would cost more there.
        {
          id: 'OriginalsToInstantRetrieval',
          prefix: 'user-files/',
          objectSizeGreaterThan: Size.kibibytes(128).toBytes(),
          transitions: [
            { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) },
          ],
        },
      ],
    })
    Validations.of(bucket).acknowledge({
      id: 'CloudFormation-Validate::W9003',
      reason: 'ObjectSizeGreaterThan is text in the schema and a number in CDK; CloudFormation takes both.',
    })
    return bucket
  }

  private valkey({ stage, cacheNodeType }: Settings, network: NetworkStack) {
    const subnets = new CfnSubnetGroup(this, 'CacheSubnets', {
      description: 'Private subnets',
      subnetIds: network.vpc.isolatedSubnets.map(subnet => subnet.subnetId),
    })
    const parameters = new CfnParameterGroup(this, 'CacheParameters', {
      description: 'Plaza',
      cacheParameterGroupFamily: 'valkey8',
      // Evicting what expires soonest would throw away the tombstones, which keep stale values out, first of all.
      properties: { 'maxmemory-policy': 'allkeys-lru' },
    })
    const cache = new CfnReplicationGroup(this, 'Cache', {
      replicationGroupDescription: `Plaza ${stage}: cache`,
      engine: 'valkey',
      engineVersion: '8.0',
      cacheNodeType,
      numCacheClusters: 2,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      transitEncryptionEnabled: true,
      transitEncryptionMode: 'required',
      atRestEncryptionEnabled: true,
      // A cache that comes back with what it held before would be a stale one.
      snapshotRetentionLimit: 0,
      autoMinorVersionUpgrade: true,
      cacheParameterGroupName: parameters.ref,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [network.cache.securityGroupId],
    })
    Validations.of(cache).acknowledge(
      {
        id: 'AwsSolutions-AEC5',
        reason: 'Another port than the usual one keeps nobody out; the security group does.',
      },
      {
        id: 'AwsSolutions-AEC6',
        reason:
          'Only the instances reach it, over TLS. A password would stand beside the address in the same parameter, and ' +
          'what is kept there is a copy of what every instance may read anyhow.',
      },
    )
    return cache
  }
}
