import { parseArgs } from 'node:util'
import { Registry } from 'prom-client'
import { loadConfig } from './config.ts'
import { createFileStore } from './files/file-store.ts'
import { type Findings, reconcile } from './files/reconciler.ts'
import { openBackends } from './infra/backends.ts'
import { createLogger } from './infra/logger.ts'
import { createBackendMeters } from './infra/metrics/backend-meter.ts'
import { StartupError } from './lib/errors.ts'

const isDryRun = () => {
  try {
    const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } } })
    return values['dry-run']
  } catch (error) {
    throw new StartupError(`${String(error)}\nUsage: npm run reconcile [-- --dry-run]`, { cause: error })
  }
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

const tell = ({ orphans, uploads, missing }: Findings, dryRun: boolean) => {
  const counted = [
    `${plural(orphans.length, 'orphan')} ${dryRun ? 'found' : 'removed'}`,
    `${plural(uploads.length, 'unfinished upload')} ${dryRun ? 'found' : 'aborted'}`,
    `${plural(missing.length, 'record')} without bytes`,
  ]
  const lines = [
    ...orphans.map(key => `${dryRun ? 'orphan' : 'removed'} ${key}`),
    ...uploads.map(key => `${dryRun ? 'unfinished' : 'aborted'} ${key}`),
    ...missing.map(fileId => `missing ${fileId}`),
    counted.join(', '),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/**
 * `npm run reconcile`: removes objects and unfinished uploads older than a day that no record knows (`-- --dry-run`
 * only lists them), and tells of records whose bytes are not there. The embedded store belongs to one process: stop the service first.
 */
const run = async () => {
  const dryRun = isDryRun()
  const config = loadConfig()
  const closing = new AsyncDisposableStack()
  try {
    const meters = createBackendMeters(new Registry())
    const { dynamo, blobs, keyValue } = await openBackends(config, createLogger('warn'), meters, closing)
    closing.defer(() => keyValue.close())
    tell(await reconcile({ store: createFileStore(dynamo), blobs, apply: !dryRun }), dryRun)
  } finally {
    await closing.disposeAsync()
  }
}

run().catch(error => {
  process.stderr.write(`${error instanceof StartupError ? error.message : (error?.stack ?? error)}\n`)
  process.exitCode = 1
})
