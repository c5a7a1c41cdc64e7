import { readFileSync } from 'node:fs'
import type { RequestHandler } from 'express'
import { Registry } from 'prom-client'
import { type AuthService, createAuthService } from './auth/auth-service.ts'
import { createCredentialStore } from './auth/credential-store.ts'
import { createPasswords } from './auth/password.ts'
import { createRefreshTokens } from './auth/refresh-token.ts'
import { createRevocationStore } from './auth/revocation-store.ts'
import { createRevocations } from './auth/revocations.ts'
import { createSessionService, type SessionService } from './auth/session-service.ts'
import { createSessionStore } from './auth/session-store.ts'
import { createCommentLikeStore } from './comments/comment-like-store.ts'
import { type CommentService, createCommentService } from './comments/comment-service.ts'
import { createCommentStore } from './comments/comment-store.ts'
import { type CommentViews, createCommentViews } from './comments/comment-views.ts'
import type { Config } from './config.ts'
import { fanOut, followerFeeds } from './feed/fan-out.ts'
import { cachedFeeds } from './feed/feed-cache.ts'
import { createFeedService, type FeedService } from './feed/feed-service.ts'
import { createFeedSources } from './feed/feed-sources.ts'
import { createFeedStore } from './feed/feed-store.ts'
import { createFileRemoval } from './files/file-removal.ts'
import { createFileService, type FileService } from './files/file-service.ts'
import { createFileStore } from './files/file-store.ts'
import { createMultipartService, type MultipartService } from './files/multipart-service.ts'
import { createReservations } from './files/reservations.ts'
import { createThumbnails } from './files/thumbnails.ts'
import { createUploadService, type UploadService } from './files/upload-service.ts'
import { cachedFollows } from './follows/follow-cache.ts'
import { createFollowService, type FollowService } from './follows/follow-service.ts'
import { createFollowStore } from './follows/follow-store.ts'
import { type AccessTokens, createAccessTokens } from './http/access-token.ts'
import { createReadiness, type Readiness } from './http/readiness.ts'
import { requestMetrics } from './http/request-metrics.ts'
import { type Backends, openBackends } from './infra/backends.ts'
import { type Cache, createCache } from './infra/cache/cache.ts'
import type { Checks } from './infra/cache/checker.ts'
import { ensureTables } from './infra/dynamo/tables.ts'
import { createLogger, type Logger } from './infra/logger.ts'
import { createBackendMeters } from './infra/metrics/backend-meter.ts'
import { createBacklogWatch } from './infra/metrics/backlog-watch.ts'
import { watchProcess } from './infra/metrics/process-metrics.ts'
import { watchState } from './infra/metrics/state-metrics.ts'
import { logVitals } from './infra/metrics/vitals.ts'
import { createOutbox, type Outbox, type OutboxOptions } from './infra/outbox/outbox.ts'
import { createCursors } from './lib/cursors.ts'
import { StartupError } from './lib/errors.ts'
import { createSeal } from './lib/seal.ts'
import { cachedPosts } from './posts/post-cache.ts'
import { createPostService, type PostService } from './posts/post-service.ts'
import { createPostStore } from './posts/post-store.ts'
import { createPostViews, type PostViews } from './posts/post-views.ts'
import { createReactionService, type ReactionService } from './reactions/reaction-service.ts'
import { createReactionStore } from './reactions/reaction-store.ts'
import { createShareService, type ShareService } from './reactions/share-service.ts'
import { createShareStore } from './reactions/share-store.ts'
import { cachedViewerStates } from './reactions/viewer-state-cache.ts'
import { TABLES } from './tables.ts'
import { cachedUsers } from './users/user-cache.ts'
import { createUserService, type UserService } from './users/user-service.ts'
import { createUserStore } from './users/user-store.ts'
import { createUserViews, type UserViews } from './users/user-views.ts'

/** What a test hands in before anything depends on it. */
export interface Parts {
  logger?: Logger
  backends?: (opened: Backends) => Backends
  outbox?: Partial<OutboxOptions>
  /** When the cache is held against the database. */
  checks?: Checks
  /** How many of the newest rows of a feed are kept. */
  keptRows?: number
  /** Make the tables also where the database is not embedded. */
  tables?: boolean
}

/** What the process is made of, as far as the layers above need it. */
export interface Context {
  config: Config
  version: string
  logger: Logger
  /** What `/metrics` tells. */
  registry: Registry
  /** Counts and times every request. */
  measureRequests: RequestHandler
  backends: Backends
  cache: Cache
  outbox: Outbox
  readiness: Readiness
  accessTokens: AccessTokens
  sessions: SessionService
  auth: AuthService
  users: UserService
  userViews: UserViews
  files: FileService
  uploads: UploadService
  multipart: MultipartService
  posts: PostService
  postViews: PostViews
  follows: FollowService
  feed: FeedService
  reactions: ReactionService
  shares: ShareService
  comments: CommentService
  commentViews: CommentViews
  /** Lets go of everything, in the opposite order of its making. */
  close(): Promise<void>
}

/** One write in two hundred is worth two looks, whether the cache agrees with the database. */
const CHECKS: Checks = { share: 1 / 200, afterMs: [1_000, 10_000] }

/** How often the figures that alarms are made of are logged. */
const VITALS_MS = 60_000

/** Past the newest thousand a feed is read from the lists of those that it is made of. */
const KEPT_ROWS = 1000

const readVersion = (): string =>
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/** The first read that the process makes of the database did not work. */
const databaseFault = (where: string, cause: unknown) =>
  new StartupError(
    cause instanceof Error && cause.name === 'ResourceNotFoundException'
      ? `The database (${where}) does not have the tables: make them with \`npm run tables\`.`
      : `The database (${where}) does not answer.`,
    { cause },
  )

/**
 * Makes every object of the process, in order. Storage for files will stand beside the database and the cache.
 * @throws StartupError when a backend cannot be had; what was opened by then is closed again
 */
export const createContext = async (config: Config, parts: Parts = {}): Promise<Context> => {
  const closing = new AsyncDisposableStack()
  try {
    return await compose(config, parts, closing)
  } catch (error) {
    await closing.disposeAsync()
    throw error
  }
}

const compose = async (config: Config, parts: Parts, closing: AsyncDisposableStack): Promise<Context> => {
  const logger = parts.logger ?? createLogger(config.logLevel)

  const version = readVersion()
  const registry = new Registry()
  closing.defer(watchProcess(registry, version))

  const opened = await openBackends(config, logger, createBackendMeters(registry), closing)
  const backends = parts.backends?.(opened) ?? opened
  const checks = parts.checks ?? CHECKS
  const keptRows = parts.keptRows ?? KEPT_ROWS
  const { dynamo, keyValue, blobs, keys } = backends
  if (config.dynamodbEmbedded || parts.tables) await ensureTables(dynamo, TABLES, logger)

  const cache = closing.adopt(createCache({ kv: keyValue, logger, checks }), c => c.close())
  const outbox = closing.adopt(createOutbox({ dynamo, logger, ...parts.outbox }), o => o.stop())
  const readiness = createReadiness({
    dynamodb: { failure: 'down', run: () => dynamo.ping().then(() => 'ok') },
    storage: { failure: 'down', run: () => blobs.ping().then(() => 'ok') },
    redis: {
      failure: 'degraded',
      run: () => keyValue.ping().then(() => (keyValue.kind === 'memory' ? 'off' : cache.status())),
    },
  })

  const cursors = createCursors(createSeal(keys, 'cursor'))
  const accessTokens = createAccessTokens(keys)

  const users = createUserService(cachedUsers(createUserStore(dynamo), cache))

  const revocationStore = createRevocationStore(dynamo)
  const revocations = closing.adopt(createRevocations(revocationStore, logger), r => r.stop())
  const sessions = createSessionService({
    dynamo,
    store: createSessionStore(dynamo),
    revocationStore,
    revocations,
    accessTokens,
    refreshTokens: createRefreshTokens(createSeal(keys, 'refresh-token')),
    cursors,
  })
  const passwords = createPasswords(config.bcryptCost)
  const auth = createAuthService({
    users,
    credentials: createCredentialStore(dynamo),
    passwords,
    sessions,
    outbox,
  })

  const fileStore = createFileStore(dynamo)
  const removal = createFileRemoval({ store: fileStore, blobs, outbox })
  const reservations = createReservations(fileStore, outbox, config.userQuotaBytes)
  const thumbnails = createThumbnails({ store: fileStore, blobs, outbox, logger })
  const { maxFileSize } = config
  const filing = { store: fileStore, blobs, outbox, removal, reservations, thumbnails, logger, maxFileSize }
  const files = createFileService({ store: fileStore, blobs, removal, cursors })
  const uploads = createUploadService(filing)
  const multipart = createMultipartService(filing)

  const feedStore = cachedFeeds(createFeedStore(dynamo, keptRows), cache)
  const follows = createFollowService({
    dynamo,
    store: cachedFollows(createFollowStore(dynamo), cache),
    users,
    feeds: followerFeeds(feedStore),
    outbox,
    cursors,
    fanoutMaxFollowers: config.fanoutMaxFollowers,
  })
  const userViews = createUserViews(users, follows)

  const posts = createPostService({
    store: cachedPosts(createPostStore(dynamo), cache),
    users,
    files,
    outbox,
    cursors,
  })
  const cached = cachedViewerStates(createReactionStore(dynamo), createShareStore(dynamo), cache)
  const postViews = createPostViews({
    users,
    states: cached.states,
    counts: { of: async () => new Map() },
  })
  const reactions = createReactionService({ store: cached.reactions, posts, users, outbox, cursors })
  const shares = createShareService({ store: cached.shares, posts, outbox })
  const comments = createCommentService({
    store: createCommentStore(dynamo),
    likes: createCommentLikeStore(dynamo),
    posts,
    outbox,
    cursors,
  })
  const commentViews = createCommentViews(users)

  fanOut({ store: feedStore, follows, posts, users, outbox, keptRows })
  const sources = createFeedSources({ store: feedStore, follows, posts })
  const feed = createFeedService({ store: feedStore, sources, follows, posts, cursors })

  await revocations.start().catch(cause => {
    throw databaseFault(backends.described.dynamodb, cause)
  })
  outbox.start()

  const backlog = createBacklogWatch(outbox)
  watchState(registry, { cache, backlog, passwords: passwords.queue })
  if (config.production) closing.defer(logVitals({ cache, backlog, logger, everyMs: VITALS_MS }))

  return {
    config,
    version,
    logger,
    registry,
    measureRequests: requestMetrics(registry),
    backends,
    cache,
    outbox,
    readiness,
    accessTokens,
    sessions,
    auth,
    users,
    userViews,
    files,
    uploads,
    multipart,
    posts,
    postViews,
    follows,
    feed,
    reactions,
    shares,
    comments,
    commentViews,
    close: () => closing.disposeAsync(),
  }
}
