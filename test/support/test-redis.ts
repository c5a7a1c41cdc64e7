import {
  ChildStartError,
  type SupervisedChild,
  superviseChild,
} from '../../src/infra/embedded/child-process.ts'
import { freePort } from '../../src/infra/embedded/dynamodb.ts'
import type { Logger } from '../../src/infra/logger.ts'

/**
 * A redis-server that keeps nothing, on a free port. Where none is installed: an error on CI, and elsewhere null,
 * with a line that says what to install.
 */
export const launchTestRedis = async (
  logger: Logger,
): Promise<(SupervisedChild & { url: string }) | null> => {
  const port = await freePort()
  try {
    const child = await superviseChild({
      name: 'redis',
      command: 'redis-server',
      args: ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'],
      ready: /ready to accept connections/i,
      errors: /error|fatal/i,
      logger,
    })
    return { ...child, url: `redis://127.0.0.1:${port}` }
  } catch (error) {
    if (!(error instanceof ChildStartError) || process.env.CI) throw error
    process.stderr.write(
      'redis-server is missing (Debian: apt-get install redis-server): tests that need it are skipped\n',
    )
    return null
  }
}
