import { z } from 'zod'
import { type Description, type Endpoint, endpoint } from './endpoint.ts'
import { openApiDocument } from './openapi.ts'
import { type Readiness, readyRoute } from './readiness.ts'

const About = z
  .strictObject({ name: z.string(), version: z.string(), docs: z.string() })
  .meta({ examples: [{ name: 'plaza', version: '1.0.0', docs: '/docs' }] })
const Health = z
  .strictObject({ status: z.literal('ok'), version: z.string(), uptime_s: z.number() })
  .meta({ examples: [{ status: 'ok', version: '1.0.0', uptime_s: 86400 }] })

/**
 * What operators and tools ask.
 * @param others the API's other operations, for the document that describes them all
 */
export const operationsRoutes = (
  readiness: Readiness,
  version: string,
  others: readonly Endpoint[],
): Endpoint[] => {
  const routes: Endpoint[] = [
    endpoint(
      { method: 'get', path: '/', summary: 'What this is', auth: 'none', reply: About, status: 200 },
      () => ({ name: 'plaza', version, docs: '/docs' }),
    ),

    endpoint(
      {
        method: 'get',
        path: '/health',
        summary: 'Whether the process answers; asks no backend',
        auth: 'none',
        reply: Health,
        status: 200,
        unlimited: true,
        secret: true,
      },
      () => ({ status: 'ok' as const, version, uptime_s: Math.round(process.uptime()) }),
    ),

    readyRoute(readiness),

    endpoint(
      {
        method: 'get',
        path: '/openapi.json',
        summary: 'This API, described (OpenAPI 3.1)',
        auth: 'none',
        reply: z.looseObject({ openapi: z.literal('3.1.0') }),
        status: 200,
        etag: true,
      },
      () => document(),
    ),
  ]

  let made: (Record<string, unknown> & { openapi: '3.1.0' }) | undefined
  const document = () => {
    const specs: Description[] = [...routes, ...others].map(({ spec }) => spec)
    made ??= openApiDocument(specs, version)
    return made
  }

  return routes
}
