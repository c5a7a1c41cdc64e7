import { createFileRemoval } from '../files/file-removal.ts'
import { createFileService } from '../files/file-service.ts'
import { createFileStore } from '../files/file-store.ts'
import { createMultipartService } from '../files/multipart-service.ts'
import { createReservations } from '../files/reservations.ts'
import { createThumbnails } from '../files/thumbnails.ts'
import { createUploadService } from '../files/upload-service.ts'
import type { Foundation } from './foundation.ts'

/** Files, and the ways in which they come. */
export const composeFiles = ({ config, logger, backends, outbox, cursors }: Foundation) => {
  const { dynamo, blobs } = backends
  const { maxFileSize, userQuotaBytes } = config

  const store = createFileStore(dynamo)
  const removal = createFileRemoval({ store, blobs, outbox })
  const reservations = createReservations(store, outbox, userQuotaBytes)
  const thumbnails = createThumbnails({ store, blobs, outbox, logger })
  const filing = { store, blobs, outbox, removal, reservations, thumbnails, logger, maxFileSize }

  return {
    files: createFileService({ store, blobs, removal, cursors }),
    uploads: createUploadService(filing),
    multipart: createMultipartService(filing),
  }
}
