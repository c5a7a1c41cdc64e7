import cors from 'cors'
import express, { type Express, type RequestHandler } from 'express'
import { authRoutes } from './auth/auth-routes.ts'
import { emailRoutes } from './auth/email-routes.ts'
import { linkPages } from './auth/link-pages.ts'
import { commentRoutes } from './comments/comment-routes.ts'
import type { Context } from './context.ts'
import { feedRoutes } from './feed/feed-routes.ts'
import { fileRoutes } from './files/file-routes.ts'
import { multipartRoutes } from './files/multipart-routes.ts'
import { uploadRoutes } from './files/upload-routes.ts'
import { followRoutes } from './follows/follow-routes.ts'
import { createAuthentication } from './http/authenticate.ts'
import { docsPage } from './http/docs-page.ts'
import type { Endpoint } from './http/endpoint.ts'
import { createIdempotency } from './http/idempotency.ts'
import { mount } from './http/mount.ts'
import { operationsRoutes } from './http/operations-routes.ts'
import { shed } from './http/overload.ts'
import { problemHandler } from './http/problem.ts'
import { requestLog } from './http/request-log.ts'
import { securityHeaders } from './http/security-headers.ts'
import { storageRouter } from './http/storage-router.ts'
import { uploadSlots } from './http/upload-slots.ts'
import { postRoutes } from './posts/post-routes.ts'
import { tagRoutes } from './posts/tag-routes.ts'
import { reactionRoutes } from './reactions/reaction-routes.ts'
import { shareRoutes } from './reactions/share-routes.ts'
import { trendingRoutes } from './trending/trending-routes.ts'
import { userRoutes } from './users/user-routes.ts'
import { viewRoutes } from './views/view-routes.ts'

/** Only what comes from a page: to everybody else the reply is as it is without CORS. */
const crossOrigin = (origins: readonly string[]): RequestHandler => {
  const answer = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-None-Match',
      'If-Range',
      'Range',
      'X-Request-Id',
    ],
    exposedHeaders: [
      'Accept-Ranges',
      'Content-Disposition',
      'Content-Range',
      'ETag',
      'Idempotent-Replayed',
      'Location',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'X-Request-Id',
    ],
    maxAge: 3600,
  })
  return (req, res, next) => {
    const preflight = req.headers['access-control-request-method'] !== undefined
    if (req.headers.origin !== undefined && (req.method !== 'OPTIONS' || preflight))
      return answer(req, res, next)
    res.vary('Origin')
    next()
  }
}

/** Longer than the database and the file store are waited for: who is still not done has lost its way. */
const ANSWER_WITHIN_MS = 10_000

/** All operations of the API. Each feature's routes get the services they need and no more. */
export const routesOf = (context: Context): Endpoint[] => {
  const { emails } = context
  const idempotency = createIdempotency(context.claims)
  const features = [
    ...authRoutes(
      context.auth,
      context.sessions,
      context.config.registrationMode === 'verify' ? emails : null,
    ),
    ...(emails ? emailRoutes(emails) : []),
    ...userRoutes(context.users, context.userViews),
    ...fileRoutes(context.files),
    ...uploadRoutes(context.uploads, context.config.maxFileSize, idempotency),
    ...multipartRoutes(context.multipart, idempotency),
    ...followRoutes(context.follows, context.userViews),
    ...postRoutes(context.posts, context.postViews, idempotency),
    ...feedRoutes(context.feed, context.postViews),
    ...reactionRoutes(context.reactions, context.postViews),
    ...shareRoutes(context.shares),
    ...commentRoutes(context.comments, context.commentViews, idempotency),
    ...trendingRoutes(context.trending, context.postViews),
    ...viewRoutes(context.views),
    ...tagRoutes(context.taggedPosts, context.postViews),
  ]
  return [...operationsRoutes(context.readiness, context.version, features), ...features]
}

/** The application: middleware in the order in which a request falls through it, then the routes. */
export const createApp = (context: Context): Express => {
  const { config, logger, sessions, accessTokens } = context
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.set('trust proxy', config.trustProxy)

  app.use(requestLog(logger))
  app.use(context.measureRequests)
  app.use(securityHeaders())
  app.use(shed(context.overload))
  if (config.corsOrigins.length > 0) app.use(crossOrigin(config.corsOrigins))
  const { disk } = context.backends
  if (disk) app.use('/storage', storageRouter(disk))
  app.use('/docs', docsPage())
  if (context.emails) app.use(linkPages)
  app.use(
    mount(routesOf(context), {
      authentication: createAuthentication(accessTokens, sessions.isLive),
      rateLimits: context.rateLimits,
      uploadSlots: uploadSlots(config.uploadsAtOnce),
      answerWithinMs: ANSWER_WITHIN_MS,
      checkReplies: !config.production,
    }),
  )
  app.use(problemHandler(logger))
  return app
}
