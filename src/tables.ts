import { credentialsTable } from './auth/credential-store.ts'
import { emailTokensTable } from './auth/email-token-store.ts'
import { knownAddressesTable } from './auth/known-address-store.ts'
import { revocationsTable } from './auth/revocation-store.ts'
import { sessionsTable } from './auth/session-store.ts'
import { commentLikesTable } from './comments/comment-like-store.ts'
import { commentsTable } from './comments/comment-store.ts'
import { feedsTable } from './feed/feed-store.ts'
import { fileMetadataTable, fileOwnersTable, storageTable } from './files/file-store.ts'
import { followsTable } from './follows/follow-store.ts'
import { idempotencyKeysTable } from './infra/dynamo/claims.ts'
import type { TableSpec } from './infra/dynamo/tables.ts'
import { outboxTable } from './infra/outbox/outbox-store.ts'
import { postsTable, userPostsTable } from './posts/post-store.ts'
import { postTagsTable } from './posts/tag-store.ts'
import { reactionsTable, userReactionsTable } from './reactions/reaction-store.ts'
import { sharesTable } from './reactions/share-store.ts'
import { trendsTable } from './trending/trend-store.ts'
import { usersTable } from './users/user-store.ts'

/** Every table, as docs/data-model.md explains them. */
export const TABLES: readonly TableSpec[] = [
  usersTable,
  credentialsTable,
  knownAddressesTable,
  sessionsTable,
  revocationsTable,
  emailTokensTable,
  fileMetadataTable,
  fileOwnersTable,
  storageTable,
  followsTable,
  postsTable,
  userPostsTable,
  feedsTable,
  reactionsTable,
  userReactionsTable,
  sharesTable,
  commentsTable,
  commentLikesTable,
  postTagsTable,
  trendsTable,
  idempotencyKeysTable,
  outboxTable,
]
