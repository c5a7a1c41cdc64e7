import { type App, Tags, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { DataStack } from './data.ts'
import { NetworkStack } from './network.ts'
import { ObservabilityStack } from './observability.ts'
import { ServiceStack } from './service.ts'
import type { Settings } from './settings.ts'

/** All of one deployment: four stacks, each of which may be changed without those before it. */
export const createPlaza = (app: App, settings: Settings) => {
  const { stage, account, region } = settings
  const props = { env: { account, region }, terminationProtection: true }
  const name = (part: string) => `plaza-${stage}-${part}`
  const network = new NetworkStack(app, name('network'), {
    ...props,
    mails: settings.mailIdentity !== undefined,
  })
  const data = new DataStack(app, name('data'), { ...props, settings, network })
  const service = new ServiceStack(app, name('service'), { ...props, settings, network, data })
  const observability = new ObservabilityStack(app, name('observability'), {
    ...props,
    settings,
    service,
    data,
  })
  for (const [key, value] of Object.entries({ Project: 'plaza', Environment: stage }))
    Tags.of(app).add(key, value)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return { network, data, service, observability }
}
