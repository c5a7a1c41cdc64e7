import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Construct } from 'constructs'

const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
  new GraphWidget({ title, left, right, width: 8, height: 6, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } })

type Names =
  | 'requests'
  | 'errors'
  | 'refusals'
  | 'p50'
  | 'p99'
  | 'healthy'
  | 'unhealthy'
  | 'reads'
  | 'writes'
  | 'cacheMemory'
  | 'cacheCpu'
  | 'cpu'
  | 'memory'
  | 'disk'
  | 'outboxWaiting'
  | 'outboxAge'
  | 'outboxDead'
  | 'inconsistencies'
  | 'breaker'

/** From what clients see at the top down to what it stands on. */
export const dashboard = (
  scope: Construct,
  stage: string,
  shown: Record<Names, IMetric> & { throttles: IMetric[] },
  alarms: Alarm[],
) => {
  new Dashboard(scope, 'Dashboard', {
    dashboardName: `plaza-${stage}`,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 3 })],
      [
        graph('Requests a minute', [shown.requests], [shown.errors, shown.refusals]),
        graph('Response time, s', [shown.p50, shown.p99]),
        graph('Instances', [shown.healthy, shown.unhealthy]),
      ],
      [
        graph('Outbox: jobs and age', [shown.outboxWaiting, shown.outboxDead], [shown.outboxAge]),
        graph('Cache: memory and CPU, %', [shown.cacheMemory, shown.cacheCpu]),
        graph('Cache: inconsistencies and breaker', [shown.inconsistencies, shown.breaker]),
      ],
      [
        graph('DynamoDB: capacity units a minute', [shown.reads, shown.writes]),
        graph('DynamoDB: throttled requests', shown.throttles),
        graph('Hosts: CPU, memory, disk, %', [shown.cpu, shown.memory, shown.disk]),
      ],
    ],
  })
}
