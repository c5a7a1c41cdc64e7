import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { createPlaza } from '../lib/plaza.ts'
import { settingsOf } from '../lib/settings.ts'

const { context } = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8'))

export const SETTINGS = {
  account: '123456789012',
  region: 'eu-central-1',
  certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c2d3e',
  corsOrigins: 'https://app.example.com,https://admin.example.com',
  alarmEmail: 'ops@example.com',
  mailIdentity: 'example.com',
}

export interface Resource {
  Type: string
  // biome-ignore lint/suspicious/noExplicitAny: as deep as CloudFormation goes
  Properties: any
  DeletionPolicy?: string
  // biome-ignore lint/suspicious/noExplicitAny: the same
  UpdatePolicy?: any
  DependsOn?: string[]
}

interface Violation {
  ruleName: string
  severity: string
  description: string
}

/** Makes the templates as `cdk synth` does, and reads them and the validation report back. */
export const synth = (more: Record<string, string> = {}, alter: (app: App) => void = () => {}) => {
  const outdir = mkdtempSync(join(tmpdir(), 'plaza-infra-'))
  try {
    const app = new App({ outdir, context: { ...context, ...SETTINGS, ...more } })
    createPlaza(app, settingsOf(app))
    alter(app)
    const { stacks } = app.synth()
    const read = (file: string) => JSON.parse(readFileSync(join(outdir, file), 'utf8'))
    const templates = Object.fromEntries(
      stacks.map(stack => [
        stack.stackName.split('-').at(-1) ?? '',
        read(stack.templateFile) as { Resources: Record<string, Resource> },
      ]),
    )
    const resources = Object.values(templates).flatMap(template => Object.entries(template.Resources))
    const acknowledged = app.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .flatMap(({ type, data }) => (type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY ? [data] : []))
    const ofType = (type: string) =>
      resources.flatMap(([, resource]) => (resource.Type === type ? [resource] : []))
    return {
      acknowledged,
      templates,
      resources,
      ofType,
      /** The properties of the only resource of a type. */
      only: (type: string) => {
        const [first, ...others] = ofType(type)
        if (!first || others.length > 0) throw new Error(`there is not one ${type}`)
        return first.Properties
      },
      report: read('validation-report.json') as {
        pluginReports: { pluginName: string; violations: Violation[] }[]
      },
    }
  } finally {
    // What CDK would set to tell its own command line that something was found: a test looks for itself.
    process.exitCode = 0
    rmSync(outdir, { recursive: true, force: true })
  }
}
