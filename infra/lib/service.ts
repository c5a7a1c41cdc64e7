import { Stack, type StackProps, Tags, Validations } from 'aws-cdk-lib'
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  UserData,
} from 'aws-cdk-lib/aws-ec2'
import { Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { StringParameter } from 'aws-cdk-lib/aws-ssm'
import type { Construct } from 'constructs'
import { Balancer, TOO_MANY_ERRORS } from './balancer.ts'
import type { DataStack } from './data.ts'
import { Group, LAUNCH_HOOK } from './group.ts'
import { API_PORT, type NetworkStack } from './network.ts'
import { groupPermissions, instancePermissions } from './permissions.ts'
import { imageParameter, parametersPath, type Settings, tablePrefix, userData } from './settings.ts'

export interface ServiceProps extends StackProps {
  settings: Settings
  network: NetworkStack
  data: DataStack
}

/** The instances and what stands before them. */
export class ServiceStack extends Stack {
  readonly balancer: Balancer
  readonly group: Group

  constructor(scope: Construct, id: string, { settings, network, data, ...props }: ServiceProps) {
    super(scope, id, props)
    const { stage } = settings
    this.variables(settings, data)

    const role = new Role(this, 'Role', {
      description: `Plaza ${stage}: what an instance may do`,
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    })
    const { statements, wildcards } = instancePermissions(this, data, settings)
    const policy = new Policy(this, 'Permissions', { statements, roles: [role] })
    Validations.of(policy).acknowledge(
      ...wildcards.map(({ resource, reason }) => ({
        id: `AwsSolutions-IAM5[Resource::${resource}]`,
        reason,
      })),
    )

    this.balancer = new Balancer(this, 'Balancer', { network, certificateArn: settings.certificateArn })
    const template = this.template(settings, network, role)
    this.group = new Group(this, 'Group', {
      ...{ stage, network, template },
      target: this.balancer.target,
      // One of its own: that of the observability stack comes after this one.
      rolloutAlarms: [this.balancer.errors.createAlarm(this, 'RolloutErrors', TOO_MANY_ERRORS)],
    })
    // No instance before it may read its variables.
    this.group.node.addDependency(policy)
    new Policy(this, 'GroupPermissions', { statements: groupPermissions(this.group.arn), roles: [role] })
  }

  /** What is no secret. Secrets (JWT_SECRET) are SecureStrings beside these, which an operator puts there first. */
  private variables({ stage, corsOrigins }: Settings, data: DataStack) {
    const variables: Record<string, string> = {
      TABLE_PREFIX: tablePrefix(stage),
      S3_BUCKET: data.files.bucketName,
      REDIS_URL: `rediss://${data.cache.attrPrimaryEndPointAddress}:${data.cache.attrPrimaryEndPointPort}`,
      PORT: String(API_PORT),
      // The load balancer, which is believed about the client's address.
      TRUST_PROXY: '1',
      ...(corsOrigins.length > 0 && { CORS_ORIGINS: corsOrigins.join(',') }),
    }
    for (const [name, stringValue] of Object.entries(variables))
      new StringParameter(this, `Variable${name}`, {
        parameterName: `${parametersPath(stage)}/${name}`,
        stringValue,
      })
  }

  private template({ stage, instanceType }: Settings, network: NetworkStack, role: Role) {
    const template = new LaunchTemplate(this, 'Template', {
      launchTemplateName: `plaza-${stage}`,
      // Read when the stack is deployed, not at each launch: only to an image that it knows can a refresh roll back.
      machineImage: MachineImage.fromSsmParameter(imageParameter(stage)),
      instanceType: new InstanceType(instanceType),
      role,
      securityGroup: network.instances,
      userData: UserData.custom(userData()),
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: true,
      detailedMonitoring: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(20, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
        },
      ],
    })
    // User-data is the same everywhere; by these an instance learns where it is.
    Tags.of(template).add('Name', `plaza-${stage}`)
    Tags.of(template).add('plaza:parameters', parametersPath(stage))
    Tags.of(template).add('plaza:launch-hook', LAUNCH_HOOK)
    return template
  }
}
