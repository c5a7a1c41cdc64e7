import { Duration } from 'aws-cdk-lib'
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { HttpCodeTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2'
import type { TableSpec } from '../../src/infra/dynamo/tables.ts'
import type { DataStack } from './data.ts'
import type { ServiceStack } from './service.ts'

const period = Duration.minutes(1)

/** What AWS itself measures. */
export const figures = ({ balancer, group }: ServiceStack, data: DataStack) => {
  const { target } = balancer
  const { metrics } = balancer.balancer
  const tables = [...data.tables.values()]
  /** Over all tables; one that nobody asks has no figure. */
  const consumed = (metricName: string, id: string) =>
    new MathExpression({
      expression: tables.map((_, at) => `FILL(${id}${at}, 0)`).join(' + '),
      usingMetrics: Object.fromEntries(
        tables.map((table, at) => [`${id}${at}`, table.metric(metricName, { statistic: 'Sum', period })]),
      ),
      ...{ label: metricName, period },
    })
  const cache = (metricName: string) =>
    new Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      dimensionsMap: { ReplicationGroupId: data.cache.ref },
      ...{ statistic: 'Maximum', period },
    })
  const groupName = group.group.autoScalingGroupName

  return {
    requests: metrics.requestCount({ statistic: 'Sum', period }),
    errors: metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { statistic: 'Sum', period }),
    refusals: metrics.httpCodeTarget(HttpCodeTarget.TARGET_4XX_COUNT, { statistic: 'Sum', period }),
    p50: metrics.targetResponseTime({ statistic: 'p50', period }),
    p99: metrics.targetResponseTime({ statistic: 'p99', period }),
    unhealthy: target.metrics.unhealthyHostCount({ statistic: 'Maximum', period }),
    healthy: target.metrics.healthyHostCount({ statistic: 'Minimum', period }),
    reads: consumed('ConsumedReadCapacityUnits', 'r'),
    writes: consumed('ConsumedWriteCapacityUnits', 'w'),
    cacheMemory: cache('DatabaseMemoryUsagePercentage'),
    cacheCpu: cache('EngineCPUUtilization'),
    cpu: new Metric({
      namespace: 'AWS/EC2',
      metricName: 'CPUUtilization',
      dimensionsMap: { AutoScalingGroupName: groupName },
      ...{ statistic: 'Average', period },
    }),
    disk: new Metric({
      namespace: 'Plaza/Host',
      metricName: 'disk_used_percent',
      dimensionsMap: { AutoScalingGroupName: groupName },
      ...{ statistic: 'Maximum', period },
    }),
    memory: new Metric({
      namespace: 'Plaza/Host',
      metricName: 'mem_used_percent',
      dimensionsMap: { AutoScalingGroupName: groupName },
      ...{ statistic: 'Maximum', period },
    }),
  }
}

/** Reads and writes of one table, its global indexes included, that DynamoDB refused because there were too many. */
export const throttlesOf = (table: Table, { name, globalIndexes = [] }: TableSpec) => {
  const of = (metricName: string, index?: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: {
        TableName: table.tableName,
        ...(index !== undefined && { GlobalSecondaryIndexName: index }),
      },
      ...{ statistic: 'Sum', period },
    })
  const events = [undefined, ...globalIndexes.map(index => index.name)].flatMap(index => [
    of('ReadThrottleEvents', index),
    of('WriteThrottleEvents', index),
  ])
  // In one graph with those of other tables each needs a name of its own.
  const id = name.toLowerCase()
  return new MathExpression({
    expression: events.map((_, at) => `FILL(${id}${at}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(events.map((event, at) => [`${id}${at}`, event])),
    ...{ label: name, period },
  })
}
