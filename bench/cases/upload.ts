import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { median, ratioOf } from '../compare.ts'
import { type ServerProcess, startProcess } from '../process.ts'
import type { Result } from '../result.ts'
import { client, opening, serverScript, startBackends, startPlaza } from '../world.ts'

const MIB = 1024 * 1024
const SIZES = [64, 256]
const ROUNDS = 5
const MOST_GROWTH = 100 * MIB
/** Large ones: who sends shall take little of the machine. */
const CHUNK = Buffer.alloc(MIB, 'x')
const BOUNDARY = 'plaza-bench'

const HEAD = Buffer.from(
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`,
)
const TAIL = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)

/** The form as a browser sends it. */
const form = (size: number) =>
  Readable.from(
    (function* () {
      yield HEAD
      for (let left = size; left > 0; left -= CHUNK.length)
        yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
      yield TAIL
    })(),
  )

/** Milliseconds until the 201. */
const upload = async (url: string, token: string, size: number) => {
  const begun = performance.now()
  const sent = request(`${url}/files/upload`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
      'content-length': HEAD.length + size + TAIL.length,
    },
  })
  const replied = new Promise<string>((resolve, reject) => {
    sent.once('error', reject).once('response', async res => {
      const text = await res.setEncoding('utf8').reduce((all: string, chunk) => all + chunk, '')
      if (res.statusCode === 201) resolve(text)
      else reject(new Error(`an upload: ${res.statusCode} ${text}`))
    })
  })
  await pipeline(form(size), sent)
  const { file } = JSON.parse(await replied)
  return { ms: performance.now() - begun, file_id: file.file_id as string }
}

/** The most that a process holds while `work` is done, in bytes above what it held before. */
const growth = async (server: ServerProcess, work: () => Promise<void>) => {
  const before = server.rss()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, server.rss())
  }, 20)
  await work()
  clearInterval(timer)
  return most - before
}

/** #8: what goes through Plaza in a second, held against the SDK alone, into a server that throws it away. */
export const uploads = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const sink = opened(await startProcess(serverScript('sink')))
  const credentials = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' }
  const raw = opened(
    await startProcess(serverScript('put-object'), { ...credentials, S3_ENDPOINT: sink.url }),
  )
  const room = { MAX_FILE_SIZE: String(512 * MIB), USER_QUOTA_BYTES: String(10_240 * MIB) }
  const plaza = opened(await startPlaza(backends.env, { ...room, S3_ENDPOINT: sink.url }))
  const api = client(plaza.url)
  const { token } = await api.user('ann')

  const through = async (size: number) => {
    const { ms, file_id } = await upload(plaza.url, token, size)
    await api.call('DELETE', `/files/${file_id}`, token)
    return ms
  }
  const alone = async (size: number) => Number(await (await fetch(`${raw.url}/${size}`)).text())

  const results: Result[] = []
  for (const mib of SIZES) {
    const size = mib * MIB
    for (let n = 0; n < 3; n++) {
      await through(64 * MIB)
      await alone(64 * MIB)
    }
    const seen: { mine: number[]; raw: number[]; growth: number[] } = { mine: [], raw: [], growth: [] }
    for (let round = 0; round < ROUNDS; round++) {
      seen.raw.push(mib / ((await alone(size)) / 1000))
      seen.growth.push(
        await growth(plaza, async () => void seen.mine.push(mib / ((await through(size)) / 1000))),
      )
    }
    const grown = Math.max(...seen.growth)
    results.push({
      id: 8,
      what: `upload of ${mib} MiB as a form, MB/s`,
      against: 'PutObject of the SDK alone, to the same sink',
      ratio: ratioOf(seen.mine, seen.raw),
      target: { at: 'least', ratio: 0.35 },
      notes: [
        `${median(seen.mine).toFixed(0)} and ${median(seen.raw).toFixed(0)} MiB/s`,
        `memory grew by ${(grown / MIB).toFixed(0)} MiB at the most: ${grown <= MOST_GROWTH ? 'within' : 'OVER'} 100 MiB`,
      ],
    })
  }
  return results
}
