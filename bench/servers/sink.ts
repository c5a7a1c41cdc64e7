/** Takes what is sent to S3 and throws it away, as fast as it comes; answers as S3 does, as far as uploads need it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"'
const xml = (root: string, inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</${root}>`

/** Bytes of what has arrived whole, by path, and of what arrives in parts. */
const whole = new Map<string, number>()
const arriving = new Map<string, number>()

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://sink')
  const head = () => {
    const size = whole.get(pathname)
    res.writeHead(size === undefined ? 404 : 200, { 'Content-Length': size ?? 0 }).end()
  }
  const put = () => {
    const size = Number(req.headers['content-length'])
    if (searchParams.has('partNumber')) arriving.set(pathname, (arriving.get(pathname) ?? 0) + size)
    else whole.set(pathname, size)
    res.end()
  }
  const complete = () => {
    whole.set(pathname, arriving.get(pathname) ?? 0)
    res.end(xml('CompleteMultipartUploadResult', `<ETag>${ETAG.replaceAll('"', '&quot;')}</ETag>`))
  }
  req.resume().on('end', () => {
    res.setHeader('ETag', ETAG)
    if (req.method === 'HEAD') head()
    else if (req.method === 'PUT') put()
    else if (searchParams.has('uploads'))
      res.end(xml('InitiateMultipartUploadResult', '<UploadId>one</UploadId>'))
    else if (req.method === 'POST') complete()
    else {
      whole.delete(pathname)
      res.writeHead(204).end()
    }
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"url":"http://127.0.0.1:${port}"}\n`)
})
process.on('SIGTERM', () => process.exit(0))
