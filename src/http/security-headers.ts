import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** Helmet for an API: nothing that only speaks to pages. */
const forApi = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  crossOriginEmbedderPolicy: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xPoweredBy: false,
  xXssProtection: false,
})

/** What helmet sets, which is the same for every reply: it is asked once, and not for each of them. */
const computed = (): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  const recorder = { setHeader: (name: string, value: string) => void headers.set(name, value) }
  forApi({} as IncomingMessage, recorder as unknown as ServerResponse, error => {
    if (error) throw error
  })
  return headers
}

export const securityHeaders = (): RequestHandler => {
  const headers = [...computed()]
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}
