/** PutObject of the SDK and nothing else: sends each body of `SIZE` bytes that it is asked for, and says how long it took. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'

const client = new S3Client({
  region: 'us-east-1',
  endpoint: process.env.S3_ENDPOINT ?? '',
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
})
const CHUNK = Buffer.alloc(64 * 1024, 'x')

const put = async (size: number) => {
  const Body = Readable.from(
    (function* () {
      for (let left = size; left > 0; left -= CHUNK.length)
        yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
    })(),
  )
  const begun = performance.now()
  await client.send(new PutObjectCommand({ Bucket: 'bench', Key: 'raw', Body, ContentLength: size }))
  return performance.now() - begun
}

const server = createServer(async (req, res) => res.end(String(await put(Number(req.url?.slice(1))))))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`{"url":"http://127.0.0.1:${port}"}\n`)
})
process.on('SIGTERM', () => process.exit(0))
