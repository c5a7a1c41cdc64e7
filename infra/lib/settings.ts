import { existsSync, readFileSync } from 'node:fs'
import type { App } from 'aws-cdk-lib'
import { readConfig } from '../../src/config.ts'

/** What differs between deployments: `cdk deploy -c certificateArn=…`, or the same in cdk.context.json. */
export interface Settings {
  /** Name of the deployment. Its log groups are the account's and region's own, so there is one in each of them. */
  stage: string
  account: string
  region: string
  /** Of a certificate in ACM, in the same region, for the name under which clients reach the API. */
  certificateArn: string
  /** Exact origins whose pages may call the API and the bucket. */
  corsOrigins: readonly string[]
  /** Who is told of alarms; nobody when left out. */
  alarmEmail: string | undefined
  /** The identity in SES from which mails go out, a domain or an address; without one the service sends none. */
  mailIdentity: string | undefined
  instanceType: string
  cacheNodeType: string
}

const DEFAULTS = { stage: 'production', instanceType: 't3.medium', cacheNodeType: 'cache.t4g.small' }

/** @throws with every setting that is missing or wrong */
export const settingsOf = (app: App): Settings => {
  const faults: string[] = []
  const given = (name: string, fallback: string | undefined, form: RegExp): string => {
    const value: unknown = app.node.tryGetContext(name) ?? fallback
    if (typeof value === 'string' && form.test(value)) return value
    faults.push(
      value === undefined ? `${name} is missing (-c ${name}=…)` : `${name} is wrong: it must match ${form}`,
    )
    return ''
  }
  const optional = (name: string, form: RegExp) =>
    app.node.tryGetContext(name) === undefined ? undefined : given(name, undefined, form)
  const origins = given('corsOrigins', '', /^(https:\/\/[^*,/\s]+(,https:\/\/[^*,/\s]+)*)?$/)
  const settings = {
    stage: given('stage', DEFAULTS.stage, /^[a-z][a-z0-9-]{0,19}$/),
    account: given('account', process.env.CDK_DEFAULT_ACCOUNT, /^\d{12}$/),
    region: given('region', process.env.CDK_DEFAULT_REGION, /^[a-z]{2}(-[a-z]+)+-\d$/),
    certificateArn: given(
      'certificateArn',
      undefined,
      /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
    ),
    corsOrigins: origins === '' ? [] : origins.split(','),
    alarmEmail: optional('alarmEmail', /^[^\s@]+@[^\s@]+$/),
    mailIdentity: optional('mailIdentity', /^([^\s@/]+@)?[a-z0-9-]+(\.[a-z0-9-]+)+$/),
    instanceType: given('instanceType', DEFAULTS.instanceType, /^[a-z][\w-]*\.\w+$/),
    cacheNodeType: given('cacheNodeType', DEFAULTS.cacheNodeType, /^cache\.\w+\.\w+$/),
  }
  if (faults.length > 0) throw new Error(`The deployment cannot be made: ${faults.join('; ')}.`)
  return settings
}

/** What stands in the environment of every instance, but for the secrets, which an operator puts there. */
export const parametersPath = (stage: string) => `/plaza/${stage}`
/** Of all buckets in the world, so that its objects can be named before it is there. */
export const bucketName = ({ stage, account, region }: Settings) =>
  `plaza-${stage}-files-${account}-${region}`
export const tablePrefix = (stage: string) => `plaza-${stage}-`
/** Not below the path of the service's variables: whatever is there becomes one of them. */
export const imageParameter = (stage: string) => `/plaza-images/${stage}`

/** The service's own lines, and what happened at an instance's birth: the agent of the image writes to these. */
export const SERVICE_LOG = '/plaza/service'
export const LOG_GROUPS = [SERVICE_LOG, '/plaza/boot'] as const

const USER_DATA = new URL('../../userdata/user-data.sh', import.meta.url)

/** The file as it is, byte for byte. */
export const userData = (): string => {
  if (!existsSync(USER_DATA))
    throw new Error('There is no userdata/user-data.sh, which tells an instance at birth what it is.')
  return readFileSync(USER_DATA, 'utf8')
}

const MINUTES = 60

/**
 * Seconds, each longer than the one before: an instance that stops answers on while it drains, the load balancer
 * lets what is in flight come to its end, and only then may the group end the instance.
 */
export const timing = () => {
  const production = {
    NODE_ENV: 'production',
    S3_BUCKET: 'x',
    REDIS_URL: 'rediss://x',
    JWT_SECRET: 'x'.repeat(32),
  }
  return {
    drain: readConfig(production).drainSeconds,
    deregistration: 2 * MINUTES,
    terminateHook: 3 * MINUTES,
    /** User-data gives the service 240 s to be ready, and the group should hear of it before the hook runs out. */
    launchHook: 10 * MINUTES,
    grace: 5 * MINUTES,
  }
}
