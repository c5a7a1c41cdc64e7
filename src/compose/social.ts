import { createCommentLikeStore } from '../comments/comment-like-store.ts'
import { createCommentService } from '../comments/comment-service.ts'
import { createCommentStore } from '../comments/comment-store.ts'
import { createCommentViews } from '../comments/comment-views.ts'
import { fanOut, followerFeeds } from '../feed/fan-out.ts'
import { cachedFeeds } from '../feed/feed-cache.ts'
import { createFeedService } from '../feed/feed-service.ts'
import { createFeedSources } from '../feed/feed-sources.ts'
import { createFeedStore } from '../feed/feed-store.ts'
import type { FileService } from '../files/file-service.ts'
import { cachedFollows } from '../follows/follow-cache.ts'
import { createFollowService } from '../follows/follow-service.ts'
import { createFollowStore } from '../follows/follow-store.ts'
import { cachedPosts } from '../posts/post-cache.ts'
import { createPostService } from '../posts/post-service.ts'
import { createPostStore } from '../posts/post-store.ts'
import { createPostViews } from '../posts/post-views.ts'
import { createTaggedPosts } from '../posts/tag-service.ts'
import { createTagStore } from '../posts/tag-store.ts'
import { createReactionService } from '../reactions/reaction-service.ts'
import { createReactionStore } from '../reactions/reaction-store.ts'
import { createShareService } from '../reactions/share-service.ts'
import { createShareStore } from '../reactions/share-store.ts'
import { cachedViewerStates } from '../reactions/viewer-state-cache.ts'
import type { UserService } from '../users/user-service.ts'
import { createUserViews } from '../users/user-views.ts'
import { composeCounting } from './counting.ts'
import type { Foundation, Parts } from './foundation.ts'

/** Past the newest thousand a feed is read from the lists of those that it is made of. */
const KEPT_ROWS = 1000

interface Others {
  users: UserService
  files: FileService
}

/** Who follows whom, what they post, and what others make of it. */
export const composeSocial = (
  foundation: Foundation,
  { users, files }: Others,
  parts: Parts,
  closing: AsyncDisposableStack,
) => {
  const { config, backends, cache, outbox, cursors } = foundation
  const { dynamo } = backends
  const keptRows = parts.keptRows ?? KEPT_ROWS

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

  const postStore = createPostStore(dynamo)
  const tags = createTagStore(dynamo)
  const store = cachedPosts(postStore, cache)
  const posts = createPostService({ store, tags, users, files, outbox, cursors })
  const taggedPosts = createTaggedPosts({ store: tags, posts, cursors })
  const counting = composeCounting(foundation, { store: postStore, service: posts }, parts, closing)
  const { activity, shownCounts, ...counted } = counting

  const viewerStates = cachedViewerStates(createReactionStore(dynamo), createShareStore(dynamo), cache)
  const postViews = createPostViews({ users, states: viewerStates.states, counts: shownCounts })
  const reacting = { posts, users, outbox, cursors, activity }
  const reactions = createReactionService({ ...reacting, store: viewerStates.reactions })
  const shares = createShareService({ store: viewerStates.shares, posts, outbox, activity })
  const comments = createCommentService({
    ...{ store: createCommentStore(dynamo), likes: createCommentLikeStore(dynamo) },
    ...{ posts, outbox, cursors, activity },
  })

  fanOut({ store: feedStore, follows, posts, users, outbox, keptRows })
  const sources = createFeedSources({ store: feedStore, follows, posts })
  const feed = createFeedService({ store: feedStore, sources, follows, posts, cursors })

  return {
    ...counted,
    follows,
    userViews: createUserViews(users, follows),
    posts,
    postViews,
    taggedPosts,
    reactions,
    shares,
    comments,
    commentViews: createCommentViews(users),
    feed,
  }
}
