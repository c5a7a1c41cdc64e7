/** Plaza as it runs in production, but without rate limits: one client of the bench asks for more than any person. */
import { createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createContext } from '../../src/context.ts'
import { startServer } from '../../src/server.ts'

const config = { ...readConfig(process.env), rateLimits: false }
const context = await createContext(config)
const server = await startServer(createApp(context), config.host, config.port, context.logger)
context.backends.publish(server.url)
context.logger.info({ url: server.url }, 'listening')
process.on('SIGTERM', async () => {
  await server.close()
  await context.close()
  process.exit(0)
})
