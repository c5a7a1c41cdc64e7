import { Duration, Fn, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib'
import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'

export const API_PORT = 3000
const VALKEY_PORT = 6379

/** What instances ask besides DynamoDB and S3. They have no other way out: the service calls nobody else. */
const ENDPOINTS = {
  Parameters: InterfaceVpcEndpointAwsService.SSM,
  Groups: InterfaceVpcEndpointAwsService.AUTOSCALING,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Metrics: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
  // The CloudWatch agent asks for its instance's tags.
  Tags: InterfaceVpcEndpointAwsService.EC2,
}

interface NetworkProps extends StackProps {
  /** Whether the service sends mails. */
  mails: boolean
}

/** The network over three zones, who may speak to whom in it, and the bucket for its logs. */
export class NetworkStack extends Stack {
  readonly vpc: Vpc
  readonly logs: Bucket
  readonly balancer: SecurityGroup
  readonly instances: SecurityGroup
  readonly cache: SecurityGroup

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id, props)
    this.logs = this.logBucket()
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/16'),
      availabilityZones: this.availabilityZones,
      natGateways: 0,
      // It would take a function with rights over all security groups to empty the default one, which nobody uses.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'Private', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 20 },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    })
    this.vpc.addFlowLog('FlowLog', { destination: FlowLogDestination.toS3(this.logs, 'network') })

    const group = (name: string, description: string) =>
      new SecurityGroup(this, name, { vpc: this.vpc, description, allowAllOutbound: false })
    this.balancer = group('Balancer', 'Load balancer: HTTP and HTTPS from everywhere')
    this.instances = group('Instances', 'Instances: the API from the load balancer, and nothing else')
    this.cache = group('Cache', 'Valkey: from the instances')
    const endpoints = group('Endpoints', 'Interface endpoints of AWS services: from the instances')

    for (const port of [80, 443]) this.balancer.addIngressRule(Peer.anyIpv4(), Port.tcp(port), 'clients')
    this.allow(this.balancer, this.instances, API_PORT, 'the API')
    this.allow(this.instances, this.cache, VALKEY_PORT, 'the cache')
    this.allow(this.instances, endpoints, 443, 'AWS services')
    // S3 and DynamoDB have public addresses; the route table leads to their endpoints and nowhere else.
    this.instances.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3 and DynamoDB')
    const asked = { ...ENDPOINTS, ...(props.mails && { Mail: InterfaceVpcEndpointAwsService.EMAIL }) }
    for (const [name, service] of Object.entries(asked))
      new InterfaceVpcEndpoint(this, `${name}Endpoint`, {
        ...{ vpc: this.vpc, service, securityGroups: [endpoints], open: false },
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      })

    Validations.of(this.balancer).acknowledge({
      id: 'AwsSolutions-EC23',
      reason: 'A public API: port 80 refuses, and sends the pages that people open on to HTTPS.',
    })
  }

  /** The first three of the region, without asking it while the template is made. */
  override get availabilityZones() {
    return [0, 1, 2].map(at => Fn.select(at, Fn.getAzs()))
  }

  private allow(from: SecurityGroup, to: SecurityGroup, port: number, what: string) {
    from.addEgressRule(to, Port.tcp(port), what)
    to.addIngressRule(from, Port.tcp(port), what)
  }

  private logBucket() {
    const bucket = new Bucket(this, 'Logs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [{ id: 'DropOldLogs', expiration: Duration.days(90) }],
    })
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'It holds the access logs of the others; logs about itself would breed without an end.',
    })
    return bucket
  }
}
