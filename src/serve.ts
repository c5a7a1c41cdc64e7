import { createApp } from './app.ts'
import type { Context } from './context.ts'
import { createAdmin } from './http/admin.ts'
import { type RunningServer, startServer } from './server.ts'

/** The API and, unless it is off, the port for operators' tools. */
export interface Serving extends RunningServer {
  /** Null when there is none. */
  adminUrl: string | null
}

/**
 * Opens the doors of a context that is ready. Operators' tools are heard first and longest, while the service drains too.
 * @throws StartupError when a port cannot be had; nothing is left open then
 */
export const serve = async (context: Context): Promise<Serving> => {
  const { config, logger, registry, backends } = context
  const admin =
    config.adminPort === null
      ? null
      : await startServer(createAdmin(registry, logger), config.adminHost, config.adminPort, logger, {
          variable: 'ADMIN_PORT',
        })
  try {
    const api = await startServer(createApp(context), config.host, config.port, logger)
    backends.publish(api.url)
    return {
      url: api.url,
      adminUrl: admin?.url ?? null,
      drain: api.drain,
      async close() {
        await api.close()
        await admin?.close()
      },
    }
  } catch (error) {
    await admin?.close()
    throw error
  }
}
