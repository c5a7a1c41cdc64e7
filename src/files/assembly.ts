import { createHash } from 'node:crypto'
import { BlobNotFound, PartMismatch, UploadNotFound } from '../infra/blobs/blob-errors.ts'
import type { BlobStore, CompletedPart } from '../infra/blobs/blob-store.ts'
import { notFound, Problem } from '../lib/errors.ts'
import type { FileRemoval } from './file-removal.ts'
import { SNIFFED_BYTES, typeOf } from './file-type.ts'
import { checkParts, mismatch, type Upload } from './part-plan.ts'
import { unsupportedType } from './upload-service.ts'

/** Makes one object of the parts that have arrived, and finds out what it is. */
export interface Assembly {
  /** Done already where an earlier call got so far and no further. 404, 409 `parts_missing`, 422 `size_mismatch` */
  join(upload: Upload, storeId: string, stated: readonly CompletedPart[] | undefined): Promise<void>
  /**
   * Reads the whole back; what is not what was promised is taken away. Whoever asks while it is being read waits for
   * what comes out. 404, 415, 422
   */
  verify(upload: Upload): Promise<{ size: number; sha256: string; type: string }>
}

const partsChanged = () =>
  new Problem(409, 'parts_missing', 'Parts missing', 'The parts changed while they were put together.')

export const createAssembly = (blobs: BlobStore, removal: FileRemoval): Assembly => {
  const putTogether = async (
    upload: Upload,
    storeId: string,
    stated: readonly CompletedPart[] | undefined,
  ) => {
    const arrived = await blobs.multipart.listParts(upload.key, storeId)
    if (!arrived) throw new UploadNotFound(storeId)
    await blobs.multipart.complete(upload.key, storeId, checkParts(upload, arrived, stated))
  }

  /** The object of all parts. Done already where an earlier call got so far and no further. */
  const join = async (upload: Upload, storeId: string, stated: readonly CompletedPart[] | undefined) => {
    if (await blobs.head(upload.key)) return
    try {
      await putTogether(upload, storeId, stated)
    } catch (error) {
      if (error instanceof UploadNotFound) {
        // A call that runs beside this one was faster.
        if (await blobs.head(upload.key)) return
        throw notFound('upload')
      }
      // Replaced by another one since the parts were looked at.
      if (error instanceof PartMismatch) throw partsChanged()
      throw error
    }
  }

  /** No store tells the SHA-256 of what came in parts: the whole is read back once. */
  const readBack = async (upload: Upload) => {
    const { body } = await blobs.get(upload.key).catch(error => {
      // Aborted meanwhile, or refused by a call that runs beside this one.
      throw error instanceof BlobNotFound ? notFound('upload') : error
    })
    const hash = createHash('sha256')
    const head: Buffer[] = []
    let size = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (size < SNIFFED_BYTES) head.push(chunk.subarray(0, SNIFFED_BYTES))
      size += chunk.length
      hash.update(chunk)
    }
    const type = await typeOf(Buffer.concat(head).subarray(0, SNIFFED_BYTES), upload.multipart.declared_type)
    return { size, sha256: hash.digest('hex'), type }
  }

  /** The bytes are not what was promised, and never will be: nothing of them is kept. */
  const refuse = async (upload: Upload, problem: Problem): Promise<never> => {
    await removal.begin(upload)
    throw problem
  }

  const check = async (upload: Upload) => {
    const { size, sha256, type } = await readBack(upload)
    const { declared_sha256 } = upload.multipart
    if (size !== upload.file_size)
      return refuse(upload, mismatch('size_mismatch', 'The file is not as long as stated.'))
    if (declared_sha256 !== null && sha256 !== declared_sha256) {
      return refuse(upload, mismatch('checksum_mismatch', 'The SHA-256 of the file is not the stated one.'))
    }
    if (type === null) return refuse(upload, unsupportedType())
    return { size, sha256, type }
  }

  /** By their keys. A client that gave up waiting and asks again must not have gigabytes read twice. */
  const underWay = new Map<string, ReturnType<typeof check>>()
  const verify = (upload: Upload) => {
    const begun = underWay.get(upload.key) ?? check(upload).finally(() => underWay.delete(upload.key))
    underWay.set(upload.key, begun)
    return begun
  }

  return { join, verify }
}
