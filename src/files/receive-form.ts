import type { Readable } from 'node:stream'
import type { Request } from 'express'
import multer, { type StorageEngine } from 'multer'
import { watchBody } from '../http/request-stream.ts'
import { Problem } from '../lib/errors.ts'
import type { Staged } from './upload-service.ts'

/** A form that has been read to its end. */
interface ReceivedForm<Made> {
  staged: Staged<Made>
  /** The other fields, as they were sent. */
  fields: unknown
}

type Receive<Made> = (file: { name: string; type: string }, bytes: Readable) => Promise<Staged<Made>>

/** Nothing of a form is held but the file on its way through and two short fields. */
const LIMITS = {
  files: 1,
  fields: 4,
  parts: 6,
  fieldNameSize: 64,
  fieldSize: 16 * 1024,
  headerPairs: 16,
}

const malformed = (detail: string) => new Problem(400, 'malformed_form', 'Malformed form', detail)

const missingFile = () =>
  new Problem(422, 'validation_failed', 'Validation failed', 'The form has no file.', {
    errors: [{ pointer: '#/file', message: 'must be a file' }],
  })

const refused = (error: multer.MulterError) =>
  new Problem(
    422,
    'validation_failed',
    'Validation failed',
    `The form is not as it must be: ${error.message}.`,
  )

/** Whatever comes out of the parser and is not a Problem of ours is a form that it could not read. */
const translate = (error: unknown) => {
  if (error instanceof Problem) return error
  if (error instanceof multer.MulterError) return refused(error)
  return malformed('The body is not a form that can be read to its end.')
}

/**
 * Reads a `multipart/form-data` body whose part `file` goes straight to `receive`. When anything goes wrong after
 * that, what was received is taken back.
 */
export const receiveForm = async <Made>(
  req: Request,
  idleMs: number,
  receive: Receive<Made>,
): Promise<ReceivedForm<Made>> => {
  let staged: Staged<Made> | undefined
  let failure: unknown
  let file: Readable | undefined
  let receiving: Promise<void> = Promise.resolve()
  const storage: StorageEngine = {
    _handleFile(_req, { originalname, mimetype, stream }, done) {
      file = stream
      receiving = receive({ name: originalname, type: mimetype }, stream).then(
        received => {
          staged = received
          done(null, {})
        },
        error => {
          // A form that breaks off breaks its file off.
          failure ??= stream.errored ? translate(error) : error
          done(error)
        },
      )
    },
    _removeFile(_req, _file, done) {
      Promise.resolve(staged?.discard()).then(() => done(null), done)
    },
  }
  const parser = multer({ storage, limits: LIMITS, defParamCharset: 'utf8' }).single('file')
  let endWatch = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      endWatch = watchBody(req, idleMs, problem => {
        failure ??= problem
        file?.destroy(problem)
        // Not left to multer, which would wait for the end of the body.
        void receiving.then(() => reject(failure))
      })
      // Multer never touches the reply.
      parser(req, req.res ?? Object.create(null), (error: unknown) =>
        error ? reject(failure ?? translate(error)) : resolve(),
      )
    })
  } catch (error) {
    // Multer does not wait for a file whose form has broken off.
    await receiving
    await staged?.discard()
    throw error
  } finally {
    endWatch()
  }
  if (!staged) throw missingFile()
  return { staged, fields: req.body ?? {} }
}
