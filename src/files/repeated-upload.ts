import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FileRecord } from './file.ts'
import { displayName } from './file-name.ts'
import type { Staged } from './upload-service.ts'

/** By what it is told whether two uploads are of the same file. */
type Identity = Pick<FileRecord, 'original_name' | 'checksum_sha256' | 'tags' | 'is_public'>

export const identityOf = ({ original_name, checksum_sha256, tags, is_public }: Identity) => ({
  original_name,
  checksum_sha256,
  tags,
  is_public,
})

/** Reads what is uploaded once more, to tell whether it is the same. Nothing of it is kept. */
export const identify = async (file: { name: string }, bytes: Readable): Promise<Staged<Identity>> => {
  const hash = createHash('sha256')
  for await (const chunk of bytes as AsyncIterable<Buffer>) hash.update(chunk)
  const measured = { original_name: displayName(file.name), checksum_sha256: hash.digest('hex') }
  return {
    // A name may come after the bytes.
    publish: async ({ name, tags, is_public }) => ({
      ...measured,
      ...(name !== undefined && { original_name: displayName(name) }),
      tags,
      is_public,
    }),
    discard: async () => {},
  }
}
