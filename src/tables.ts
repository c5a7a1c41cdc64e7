import { credentialsTable } from './auth/credential-store.ts'
import { revocationsTable } from './auth/revocation-store.ts'
import { sessionsTable } from './auth/session-store.ts'
import { fileMetadataTable, fileOwnersTable, storageTable } from './files/file-store.ts'
import type { TableSpec } from './infra/dynamo/tables.ts'
import { outboxTable } from './infra/outbox/outbox-store.ts'
import { postsTable, userPostsTable } from './posts/post-store.ts'
import { postTagsTable } from './posts/tag-store.ts'
import { trendsTable } from './trending/trend-store.ts'
import { usersTable } from './users/user-store.ts'

/** Every table, as docs/data-model.md explains them. */
export const TABLES: readonly TableSpec[] = [
  usersTable,
  credentialsTable,
  sessionsTable,
  revocationsTable,
  fileMetadataTable,
  fileOwnersTable,
  storageTable,
  postsTable,
  userPostsTable,
  postTagsTable,
  trendsTable,
  outboxTable,
]
