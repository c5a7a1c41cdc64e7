import { Duration } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  HttpCodeElb,
  HttpCodeTarget,
  ListenerAction,
  ListenerCondition,
  Protocol,
  SslPolicy,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import { Construct } from 'constructs'
import { API_PORT, type NetworkStack } from './network.ts'
import { timing } from './settings.ts'

interface BalancerProps {
  network: NetworkStack
  certificateArn: string
}

/** What people open by hand, whose browsers may leave `https` out. */
const PAGES = ['/docs', '/docs/*', '/verify-email', '/reset-password']

/** As the service itself would say it, which never hears of it. */
const HTTPS_REQUIRED = {
  type: 'urn:plaza:problem:https_required',
  title: 'Forbidden',
  status: 403,
  detail: 'Use https. What this request has carried was readable on its way: count its token as known.',
  code: 'https_required',
  error: 'Use HTTPS',
}

/** The load balancer: HTTPS and HTTP/2 outside, HTTP/1.1 to the instances that say that they are ready. */
export class Balancer extends Construct {
  readonly balancer: ApplicationLoadBalancer
  readonly target: ApplicationTargetGroup
  /** Requests that end with 5xx. */
  readonly errors: MathExpression

  constructor(scope: Construct, id: string, { network, certificateArn }: BalancerProps) {
    super(scope, id)
    this.balancer = new ApplicationLoadBalancer(this, 'Resource', {
      vpc: network.vpc,
      internetFacing: true,
      securityGroup: network.balancer,
      http2Enabled: true,
      dropInvalidHeaderFields: true,
      deletionProtection: true,
      // Less than the 65 s for which the service keeps an idle connection open: whoever closes first must not be asked.
      idleTimeout: Duration.seconds(60),
    })
    this.balancer.logAccessLogs(network.logs, 'balancer')

    this.target = new ApplicationTargetGroup(this, 'Target', {
      vpc: network.vpc,
      targetType: TargetType.INSTANCE,
      protocol: ApplicationProtocol.HTTP,
      port: API_PORT,
      deregistrationDelay: Duration.seconds(timing().deregistration),
      // An upload keeps an instance busier than ten reads; round robin would not see that.
      loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: '/ready',
        protocol: Protocol.HTTP,
        healthyHttpCodes: '200',
        // A stopping instance says 503 for longer than two of these.
        interval: Duration.seconds(5),
        timeout: Duration.seconds(4),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
    })
    this.balancer.addListener('Https', {
      port: 443,
      protocol: ApplicationProtocol.HTTPS,
      certificates: [Certificate.fromCertificateArn(this, 'Certificate', certificateArn)],
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      defaultTargetGroups: [this.target],
      open: false,
    })
    this.balancer
      .addListener('Http', {
        port: 80,
        protocol: ApplicationProtocol.HTTP,
        // A client that is sent on goes on sending its token in the clear, and nobody notices.
        defaultAction: ListenerAction.fixedResponse(403, {
          contentType: 'application/json',
          messageBody: JSON.stringify(HTTPS_REQUIRED),
        }),
        open: false,
      })
      .addAction('Pages', {
        priority: 1,
        conditions: [ListenerCondition.pathPatterns(PAGES)],
        action: ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
      })
    this.errors = this.errorShare()
  }

  /** In percent of the requests, so that one failure at night wakes nobody and an outage at night does. */
  private errorShare() {
    const { metrics } = this.balancer
    const period = Duration.minutes(1)
    const sum = { period, statistic: 'Sum' }
    return new MathExpression({
      expression: '100 * (FILL(instances, 0) + FILL(balancer, 0)) / requests',
      usingMetrics: {
        instances: metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, sum),
        balancer: metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, sum),
        requests: metrics.requestCount(sum),
      },
      ...{ label: '5xx in percent', period },
    })
  }
}

/** Over 1 % for 3 of 5 minutes: wakes somebody, and takes a new version back. */
export const TOO_MANY_ERRORS = {
  alarmDescription: 'More than 1 % of the requests have ended with 5xx for 3 of 5 minutes.',
  threshold: 1,
  evaluationPeriods: 5,
  datapointsToAlarm: 3,
  comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
}
