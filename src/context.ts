import { readFileSync } from 'node:fs'
import { type AuthService, createAuthService } from './auth/auth-service.ts'
import { createCredentialStore } from './auth/credential-store.ts'
import { createPasswords } from './auth/password.ts'
import { createRefreshTokens } from './auth/refresh-token.ts'
import { createRevocationStore } from './auth/revocation-store.ts'
import { createRevocations } from './auth/revocations.ts'
import { createSessionService, type SessionService } from './auth/session-service.ts'
import { createSessionStore } from './auth/session-store.ts'
import type { Config } from './config.ts'
import { createFileRemoval } from './files/file-removal.ts'
import { createFileService, type FileService } from './files/file-service.ts'
import { createFileStore } from './files/file-store.ts'
import { createMultipartService, type MultipartService } from './files/multipart-service.ts'
import { createReservations } from './files/reservations.ts'
import { createThumbnails } from './files/thumbnails.ts'
import { createUploadService, type UploadService } from './files/upload-service.ts'
import { type AccessTokens, createAccessTokens } from './http/access-token.ts'
import { createReadiness, type Readiness } from './http/readiness.ts'
import { type Backends, openBackends } from './infra/backends.ts'
import { type Cache, createCache } from './infra/cache/cache.ts'
import { ensureTables } from './infra/dynamo/tables.ts'
import { createTally, type TallyOptions } from './infra/dynamo/tally.ts'
import { createLogger, type Logger } from './infra/logger.ts'
import { createOutbox, type Outbox, type OutboxOptions } from './infra/outbox/outbox.ts'
import { createCursors } from './lib/cursors.ts'
import { StartupError } from './lib/errors.ts'
import { createSeal } from './lib/seal.ts'
import { cachedPosts } from './posts/post-cache.ts'
import { postPublished } from './posts/post-jobs.ts'
import { createPostService, type PostService } from './posts/post-service.ts'
import { createPostStore } from './posts/post-store.ts'
import { createPostViews, type PostViews } from './posts/post-views.ts'
import { createTaggedPosts, type TaggedPosts } from './posts/tag-service.ts'
import { createTagStore } from './posts/tag-store.ts'
import { TABLES } from './tables.ts'
import { createActivity, hourAndPost } from './trending/activity.ts'
import { createTrendBoard, type TrendBoardOptions } from './trending/trend-board.ts'
import { createTrendStore } from './trending/trend-store.ts'
import { createTrendingService, type TrendingService } from './trending/trending-service.ts'
import { cachedUsers } from './users/user-cache.ts'
import { createUserService, type UserService } from './users/user-service.ts'
import { createUserStore } from './users/user-store.ts'
import { createUserViews, type UserViews } from './users/user-views.ts'
import { createShownCounts, VIEW_COUNT_SECONDS } from './views/shown-counts.ts'
import { createViewService, VIEW_ONCE_SECONDS, type ViewService } from './views/view-service.ts'
import { createViewerMark } from './views/viewer-mark.ts'

/** What a test hands in before anything depends on it. */
export interface Parts {
  logger?: Logger
  backends?: (opened: Backends) => Backends
  outbox?: Partial<OutboxOptions>
  tally?: Partial<TallyOptions>
  trends?: Partial<TrendBoardOptions>
  /** Make the tables also where the database is not embedded. */
  tables?: boolean
}

/** What the process is made of, as far as the layers above need it. */
export interface Context {
  config: Config
  version: string
  logger: Logger
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
  taggedPosts: TaggedPosts
  views: ViewService
  trending: TrendingService
  /** Lets go of everything, in the opposite order of its making. */
  close(): Promise<void>
}

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

  const opened = await openBackends(config, logger, closing)
  const backends = parts.backends?.(opened) ?? opened
  const { dynamo, keyValue, blobs, keys } = backends
  if (config.dynamodbEmbedded || parts.tables) await ensureTables(dynamo, TABLES, logger)

  const cache = closing.adopt(createCache({ kv: keyValue, logger }), c => c.close())
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

  const userViews = createUserViews(users, { between: async () => new Map() })

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
  const auth = createAuthService({
    users,
    credentials: createCredentialStore(dynamo),
    passwords: createPasswords(config.bcryptCost),
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

  const tags = createTagStore(dynamo)
  const postStore = createPostStore(dynamo)
  const posts = createPostService({
    store: cachedPosts(postStore, cache),
    tags,
    users,
    files,
    outbox,
    cursors,
  })
  const taggedPosts = createTaggedPosts({ store: tags, posts, cursors })
  const counts = createShownCounts(cache.counters('post_views', VIEW_COUNT_SECONDS))
  const postViews = createPostViews({ users, states: { of: async () => new Map() }, counts })

  const trendStore = createTrendStore(dynamo)
  const trendTally = createTally({
    dynamo,
    logger,
    what: 'points',
    write: (key, points) => trendStore.adding(...hourAndPost(key), points),
    flushMs: 15_000,
    ...parts.tally,
  })
  closing.adopt(trendTally, tally => tally.stop())
  const activity = createActivity(trendTally)
  const trends = closing.adopt(createTrendBoard({ store: trendStore, logger, ...parts.trends }), board =>
    board.stop(),
  )
  const trending = createTrendingService({ board: trends, posts })

  const viewTally = createTally({
    dynamo,
    logger,
    what: 'views',
    // Of the store itself: the cached post stays, or one that is viewed all the time would never be cached.
    write: (postId, by) => postStore.counting(postId, { views_count: by }, undefined),
    onFlush: counts.raise,
    ...parts.tally,
  })
  closing.adopt(viewTally, tally => tally.stop())
  const views = createViewService({
    posts,
    tally: viewTally,
    shown: counts,
    activity,
    marks: cache.marks('viewed', VIEW_ONCE_SECONDS),
    markOf: createViewerMark(keys),
  })

  // The feed will take these.
  outbox.on(postPublished, async () => {})

  await revocations.start().catch(cause => {
    throw databaseFault(backends.described.dynamodb, cause)
  })
  outbox.start()
  viewTally.start()
  trendTally.start()
  trends.start()

  return {
    config,
    version: readVersion(),
    logger,
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
    taggedPosts,
    views,
    trending,
    close: () => closing.disposeAsync(),
  }
}
