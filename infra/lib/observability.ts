import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { TABLES } from '../../src/tables.ts'
import { TOO_MANY_ERRORS } from './balancer.ts'
import { dashboard } from './dashboard.ts'
import type { DataStack } from './data.ts'
import { figures, throttlesOf } from './figures.ts'
import type { ServiceStack } from './service.ts'
import { LOG_GROUPS, SERVICE_LOG, type Settings } from './settings.ts'
import { vitalsOf } from './vitals.ts'

export interface ObservabilityProps extends StackProps {
  settings: Settings
  service: ServiceStack
  data: DataStack
}

/** Logs, the alarms that somebody is woken by, and a dashboard. What to do about each: docs/operations.md. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, { settings, service, data, ...props }: ObservabilityProps) {
    super(scope, id, props)
    const logs = new Map(LOG_GROUPS.map(name => [name, this.logGroup(name)]))
    const topic = new Topic(this, 'Alarms', { displayName: `Plaza ${settings.stage}`, enforceSSL: true })
    if (settings.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(settings.alarmEmail))
    const action = new SnsAction(topic)

    const serviceLog = logs.get(SERVICE_LOG)
    if (!serviceLog) throw new Error('the service has no log group')
    const shown = { ...figures(service, data), ...vitalsOf(serviceLog) }
    const throttles = TABLES.flatMap(spec => {
      const table = data.tables.get(spec.name)
      return table ? [{ name: spec.name, metric: throttlesOf(table, spec) }] : []
    })
    const alarms = [
      service.balancer.errors.createAlarm(this, 'Errors', TOO_MANY_ERRORS),
      ...this.alarms(shown, throttles),
    ]
    for (const alarm of alarms) {
      alarm.addAlarmAction(action)
      alarm.addOkAction(action)
    }
    dashboard(this, settings.stage, { ...shown, throttles: throttles.map(({ metric }) => metric) }, alarms)
  }

  private logGroup(name: string) {
    return new LogGroup(this, `Log${name.replaceAll('/', '-')}`, {
      logGroupName: name,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.RETAIN,
    })
  }

  private alarms(
    shown: ReturnType<typeof figures> & ReturnType<typeof vitalsOf>,
    throttles: { name: string; metric: IMetric }[],
  ): Alarm[] {
    const alarm = (
      id: string,
      alarmDescription: string,
      metric: IMetric,
      threshold: number,
      minutes: number,
      more: Partial<AlarmProps> = {},
    ) =>
      new Alarm(this, id, {
        ...{ alarmDescription, metric, threshold },
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: minutes,
        datapointsToAlarm: minutes,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        ...more,
      })
    // A service that is mute cannot say that its outbox is full.
    const mute = { treatMissingData: TreatMissingData.BREACHING }

    return [
      alarm('Slow', 'p99 of the response time is over 1 s for 10 minutes.', shown.p99, 1, 10),
      alarm('Unhealthy', 'An instance has been unhealthy for 5 minutes.', shown.unhealthy, 0, 5),
      alarm('Few', 'Fewer than 2 healthy instances for 3 minutes.', shown.healthy, 2, 3, {
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        ...mute,
      }),
      ...throttles.map(({ name, metric }) =>
        alarm(`Throttles${name}`, `DynamoDB has refused requests to ${name} for 5 minutes.`, metric, 0, 5),
      ),
      alarm(
        'OutboxAge',
        'The oldest job of the outbox has been due for over 5 minutes.',
        shown.outboxAge,
        300,
        5,
        mute,
      ),
      alarm('OutboxDead', 'A job of the outbox was given up.', shown.outboxDead, 0, 1),
      alarm(
        'CacheInconsistency',
        'The cache said something else than the database.',
        shown.inconsistencies,
        0,
        1,
      ),
      alarm('CacheAway', 'The cache has been away for 10 minutes.', shown.breaker, 0, 10),
      alarm('CacheMemory', 'The cache is full to 90 %: it begins to evict.', shown.cacheMemory, 90, 15),
      alarm('Disk', 'The disk of an instance is full to 85 %.', shown.disk, 85, 15),
    ]
  }
}
