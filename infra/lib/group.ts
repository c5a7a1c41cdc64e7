import { Duration, Validations } from 'aws-cdk-lib'
import {
  AdditionalHealthCheckType,
  AutoScalingGroup,
  type CfnAutoScalingGroup,
  GroupMetrics,
  HealthChecks,
  InstanceRefreshStrategy,
  TerminationPolicy,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling'
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch'
import { type LaunchTemplate, SubnetType } from 'aws-cdk-lib/aws-ec2'
import type { ApplicationTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { Construct } from 'constructs'
import type { NetworkStack } from './network.ts'
import { timing } from './settings.ts'

/** User-data reads it from a tag and completes it when the service is ready. */
export const LAUNCH_HOOK = 'plaza-launch'

/** Where one more instance is wanted. A place to begin: half of what one instance does in your own load test. */
const REQUESTS_PER_MINUTE = 3000
const CPU_PERCENT = 70

interface GroupProps {
  stage: string
  network: NetworkStack
  template: LaunchTemplate
  target: ApplicationTargetGroup
  /** A new version that sets one of these off is taken back. */
  rolloutAlarms: Alarm[]
}

/** Two to six instances over three zones, replaced one after the other when their template changes. */
export class Group extends Construct {
  readonly group: AutoScalingGroup
  readonly arn: string

  constructor(scope: Construct, id: string, { stage, network, template, target, rolloutAlarms }: GroupProps) {
    super(scope, id)
    const { grace } = timing()
    this.group = new AutoScalingGroup(this, 'Resource', {
      autoScalingGroupName: `plaza-${stage}`,
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      launchTemplate: template,
      minCapacity: 2,
      maxCapacity: 6,
      healthChecks: HealthChecks.withAdditionalChecks({
        additionalTypes: [AdditionalHealthCheckType.ELB],
        gracePeriod: Duration.seconds(grace),
      }),
      defaultInstanceWarmup: Duration.minutes(2),
      groupMetrics: [GroupMetrics.all()],
      terminationPolicies: [TerminationPolicy.OLDEST_LAUNCH_TEMPLATE, TerminationPolicy.DEFAULT],
      updatePolicy: UpdatePolicy.instanceRefresh({
        strategy: InstanceRefreshStrategy.ROLLING,
        // A new one first, and only then an old one goes.
        minHealthyPercentage: 100,
        maxHealthyPercentage: 134,
        instanceWarmup: Duration.minutes(2),
        // When it does not come through, CloudFormation takes the stack back, and with it the instances.
        alarms: rolloutAlarms,
        bakeTime: Duration.minutes(10),
      }),
    })
    Validations.of(this.group).acknowledge({
      id: 'AwsSolutions-AS3',
      reason: 'That it grows and shrinks is no news; too few or unhealthy instances are, and have alarms.',
    })
    this.group.attachToApplicationTargetGroup(target)
    this.group.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: CPU_PERCENT })
    this.group.scaleOnRequestCount('Requests', { targetRequestsPerMinute: REQUESTS_PER_MINUTE })

    const resource = this.group.node.defaultChild as CfnAutoScalingGroup
    // Where it begins. The update policy leaves alone what the scaling has made of it since.
    resource.desiredCapacity = '3'
    // In the group itself: hooks of their own would come after the first instances, which nobody would wait for then.
    resource.lifecycleHookSpecificationList = hooks()
    this.arn = resource.attrAutoScalingGroupArn
  }
}

const hooks = () => {
  const { launchHook, terminateHook } = timing()
  return [
    {
      lifecycleHookName: LAUNCH_HOOK,
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      heartbeatTimeout: launchHook,
      // One that says nothing is not ready.
      defaultResult: 'ABANDON',
    },
    {
      // Nobody completes it: it is the time in which the load balancer lets go and what is in flight ends.
      lifecycleHookName: 'plaza-terminate',
      lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      heartbeatTimeout: terminateHook,
      defaultResult: 'CONTINUE',
    },
  ]
}
