import { type RequestHandler, Router } from 'express'
import { withPatience } from '../lib/deadline.ts'
import { notFound, Problem } from '../lib/errors.ts'
import type { Auth, Endpoint, HandleOptions } from './endpoint.ts'
import { limitsOf } from './limits.ts'
import { toProblem } from './problem.ts'
import type { RateLimits } from './rate-limit.ts'

/** `/users/profile` must be tried before `/users/:user_id`: letters sort before parameters, segment by segment. */
const specificity = (path: string) => path.replaceAll(/:\w+/g, '~')

const allowed = (endpoints: readonly Endpoint[]) => {
  const methods = endpoints.map(({ spec }) => spec.method.toUpperCase())
  return ['OPTIONS', ...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort().join(', ')
}

/** Answers OPTIONS, and to every other method 405. `allow`: the value of the header of that name. */
export const methodNotAllowed =
  (allow: string): RequestHandler =>
  (req, res) => {
    if (req.method === 'OPTIONS') {
      res.set('Allow', allow).status(204).end()
      return
    }
    throw new Problem(405, 'method_not_allowed', 'Method not allowed', `This path takes ${allow}.`, {
      headers: { Allow: allow },
    })
  }

interface MountOptions extends HandleOptions {
  authentication: (auth: Auth) => RequestHandler
  rateLimits: RateLimits
  /** Runs before a body of an upload is read. */
  uploadSlots: RequestHandler
}

/** The router of all operations; other methods on their paths are 405, other paths 404. */
export const mount = (endpoints: readonly Endpoint[], options: MountOptions): Router => {
  const router = Router()
  const byPath = Map.groupBy(endpoints, ({ spec }) => spec.path)
  const paths = [...byPath.keys()].sort((a, b) => (specificity(a) < specificity(b) ? -1 : 1))

  for (const path of paths) {
    const here = byPath.get(path) ?? []
    const route = router.route(path)
    route.all((req, res, next) => {
      res.locals.route = path
      // From here on: who is asking may have to be looked up, too.
      withPatience(next, req.method === 'GET' || req.method === 'HEAD')
    })
    for (const { spec, bodyParser, handle } of here) {
      const handler: RequestHandler = async (req, res) => {
        try {
          await handle(req, res, options)
        } catch (thrown) {
          // The router takes some values for words of its own (undefined, 'route'): it gets to see errors only.
          throw toProblem(thrown)
        }
      }
      const limits = limitsOf(spec)
      route[spec.method](
        ...options.rateLimits.byAddress(limits),
        options.authentication(spec.auth),
        ...options.rateLimits.byViewer(limits),
        ...(bodyParser ? [bodyParser] : []),
        ...(spec.reads ? [options.uploadSlots] : []),
        handler,
      )
    }
    route.all(methodNotAllowed(allowed(here)))
  }

  router.use(...options.rateLimits.byAddress(['requests']), () => {
    throw notFound('path')
  })
  return router
}
