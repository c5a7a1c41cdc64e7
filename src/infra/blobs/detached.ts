import { finished, PassThrough, type Readable } from 'node:stream'

/**
 * The same bytes as a stream that can be destroyed, as a store does when it fails, without destroying its source.
 * With the body of an HTTP request as the source its connection stays, and the reply can go out.
 */
export const detached = (source: Readable): Readable => {
  const copy = new PassThrough()
  source.pipe(copy)
  // The source may fail before anybody has begun to read: whoever does then is told by the state of the stream.
  copy.on('error', () => {})
  finished(source, error => {
    if (error) copy.destroy(error)
  })
  copy.once('close', () => {
    source.unpipe(copy)
    // What is left of the body must be read, or the connection's next request is never seen.
    source.resume()
  })
  return copy
}
