import { Readable } from 'node:stream'
import type { Request } from 'express'
import { z } from 'zod'
import { checked } from '../http/problem.ts'
import { brokenOff, bytesOf, watchBody } from '../http/request-stream.ts'
import { Problem } from '../lib/errors.ts'
import { text } from '../lib/fields.ts'
import { createBase64Decoder } from './base64-decoder.ts'
import { type ContentSplitter, createContentSplitter } from './content-splitter.ts'
import type { Staged } from './upload-service.ts'

/** The body of the original design: the whole file in base64. */
export const JsonUpload = z.strictObject({
  fileName: text(1, 1024),
  fileContent: z.base64('must be base64'),
  fileType: z.string().max(255).default(''),
})

const CONTENT = 'fileContent'

/** Of everything but the content: a name of 1024 characters may be written in 12 bytes each. */
const MOST_AROUND = 16 * 1024

/** What is known of a file when its content begins: less than is known in the end, where that stands first. */
interface Known {
  name: string | undefined
  type: string | undefined
}

type Receive<Made> = (known: Known, bytes: Readable) => Promise<Staged<Made>>

/** A body that has been read to its end. */
interface ReceivedJson<Made> {
  staged: Staged<Made>
  /** As it was in the end. */
  name: string
  type: string
}

const malformed = () => new Problem(400, 'malformed_json', 'Malformed JSON', 'The body is not valid JSON.')

const noContent = () =>
  new Problem(422, 'validation_failed', 'Validation failed', 'There is no content.', {
    errors: [{ pointer: `#/${CONTENT}`, message: 'must be base64' }],
  })

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw malformed()
  }
}

/** Of an object that is as far as the quote before its content. */
const knownFrom = (beginning: Buffer): Known => {
  const fields = z.looseObject({}).parse(parsed(Buffer.concat([beginning, Buffer.from('"}')])))
  const textOf = (field: unknown) => (typeof field === 'string' ? field : undefined)
  return { name: textOf(fields.fileName), type: textOf(fields.fileType) }
}

/** The content, decoded, from the piece of it that came with its beginning. */
async function* contentOf(first: Buffer, chunks: AsyncIterator<Buffer>, splitter: ContentSplitter) {
  const decoder = createBase64Decoder(`#/${CONTENT}`)
  let piece = decoder.push(first)
  for (;;) {
    if (piece.length > 0) yield piece
    if (splitter.place === 'after') break
    const { done, value } = await chunks.next()
    if (done) throw malformed()
    piece = decoder.push(splitter.push(value))
  }
  const last = decoder.end()
  if (last.length > 0) yield last
}

const read = async <Made>(body: Readable, receive: Receive<Made>): Promise<ReceivedJson<Made>> => {
  const chunks: AsyncIterator<Buffer> = body.iterator({ destroyOnReturn: false })
  const splitter = createContentSplitter(CONTENT, MOST_AROUND)
  let staged: Staged<Made> | undefined
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      const first = splitter.push(next.value)
      if (staged || splitter.place === 'before') continue
      const known = knownFrom(splitter.begun())
      staged = await receive(known, Readable.from(contentOf(first, chunks, splitter)))
    }
    const { fileName: name, fileType: type } = checked(JsonUpload, parsed(splitter.rest()))
    if (!staged) throw noContent()
    return { staged, name, type }
  } catch (error) {
    await staged?.discard()
    throw error
  }
}

/**
 * Reads a JSON body whose content goes straight to `receive`, however large it is; the rest of it is small. When
 * anything goes wrong after that, what was received is taken back.
 */
export const receiveJson = async <Made>(
  req: Request,
  idleMs: number,
  receive: Receive<Made>,
): Promise<ReceivedJson<Made>> => {
  const body = bytesOf(req)
  const endWatch = watchBody(req, idleMs, problem => body.destroy(problem))
  try {
    return await read(body, receive)
  } catch (error) {
    throw brokenOff(req, error)
  } finally {
    endWatch()
    body.destroy()
  }
}
