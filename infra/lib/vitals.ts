import { Duration } from 'aws-cdk-lib'
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { VITALS, type Vitals } from '../../src/infra/metrics/vitals.ts'

const NAMESPACE = 'Plaza/Service'

/** The figures that the service logs every minute (src/infra/metrics/vitals.ts), as metrics. */
export const vitalsOf = (log: LogGroup) => {
  const metricOf = (name: string, field: keyof Vitals, statistic: string) =>
    new MetricFilter(log, name, {
      logGroup: log,
      filterPattern: FilterPattern.stringValue('$.msg', '=', VITALS),
      metricNamespace: NAMESPACE,
      metricName: name,
      metricValue: `$.${field}`,
    }).metric({ statistic, period: Duration.minutes(1) })

  return {
    // All instances look at the same outbox.
    outboxWaiting: metricOf('OutboxWaiting', 'outbox_waiting', 'Maximum'),
    outboxAge: metricOf('OutboxAge', 'outbox_oldest_s', 'Maximum'),
    outboxDead: metricOf('OutboxDead', 'outbox_dead', 'Maximum'),
    inconsistencies: metricOf('CacheInconsistencies', 'cache_inconsistencies', 'Sum'),
    breaker: metricOf('CacheBreakerOpen', 'cache_breaker_open', 'Maximum'),
  }
}
