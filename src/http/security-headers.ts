import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** What `default-src` does not speak of, or not to every browser: no policy of ours is without these. */
export const SHUT = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "object-src 'none'"]

/** For bytes that are not ours: nothing that is served with it may run in our origin, whatever it turns out to be. */
export const SANDBOXED = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': ['sandbox', "default-src 'none'", ...SHUT].join(';'),
}

/** Helmet for an API: nothing that only speaks to pages. The policy is our own, as one text. */
const forApi = helmet({
  contentSecurityPolicy: false,
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
  const headers = new Map([['Content-Security-Policy', ["default-src 'none'", ...SHUT].join(';')]])
  const recorder = { setHeader: (name: string, value: string) => void headers.set(name, value) }
  forApi({} as IncomingMessage, recorder as unknown as ServerResponse, error => {
    if (error) throw error
  })
  return headers
}

/** On every reply, also on those that do not come from the application. */
export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [...computed()]

export const securityHeaders = (): RequestHandler => (_req, res, next) => {
  for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value)
  next()
}
