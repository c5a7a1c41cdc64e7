/** Takes what is sent to S3 and throws it away, as fast as it comes; answers as S3 does, as far as uploads need it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const ETAG = '"d41d8cd98f00b204e9800998ecf8427e"'
const xml = (root: string, inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</${root}>`

const server = createServer((req, res) => {
  const { searchParams } = new URL(req.url ?? '/', 'http://sink')
  req.resume().on('end', () => {
    res.setHeader('ETag', ETAG)
    if (req.method === 'HEAD') res.writeHead(404).end()
    else if (req.method === 'POST' && searchParams.has('uploads'))
      res.end(xml('InitiateMultipartUploadResult', '<UploadId>one</UploadId>'))
    else if (req.method === 'POST')
      res.end(xml('CompleteMultipartUploadResult', `<ETag>${ETAG.replaceAll('"', '&quot;')}</ETag>`))
    else res.end()
  })
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"url":"http://127.0.0.1:${port}"}\n`)
})
process.on('SIGTERM', () => process.exit(0))
