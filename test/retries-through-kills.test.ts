import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import pLimit from 'p-limit'
import { startApp, type TestApp } from './support/app.ts'
import { exchange, type Reply, type Sent } from './support/exchange.ts'
import { describeHeavy } from './support/heavy.ts'
import { startInstance } from './support/instance.ts'
import { essenceOf } from './support/keyed.ts'
import { rowsOf } from './support/rows.ts'
import { type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { form } from './support/uploads.ts'

const REQUESTS = 1000
const TIMES = 3
const INSTANCES = 2
const KILLS = 10
const AT_ONCE = 12

type Instance = Awaited<ReturnType<typeof startInstance>>

describeHeavy(`${REQUESTS} requests that are each sent ${TIMES} times, through ${KILLS} kills`, () => {
  let app: TestApp
  let ann: SeededUser
  let post: SeededPost
  let folder: string
  const living: Instance[] = []
  let answered = 0
  let lost = 0

  const launch = async () => {
    const { DYNAMODB_ENDPOINT = '', REDIS_URL = '', TABLE_PREFIX = '' } = app.env
    const DATA_DIR = join(folder, randomBytes(6).toString('hex'))
    const env = { DYNAMODB_ENDPOINT, REDIS_URL, TABLE_PREFIX, DATA_DIR }
    living.push(
      await startInstance({
        env,
        parts: { claims: { leaseMs: 500 }, outbox: { leaseMs: 1500, pollMs: 200 } },
      }),
    )
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plaza-retries-'))
    app = await startApp()
    ann = await seedInto(app).user('ann')
    post = await seedInto(app).post(ann, { content: 'What is commented on' })
    await Promise.all(Array.from({ length: INSTANCES }, launch))
  }, 120_000)

  afterAll(async () => {
    await Promise.all(living.map(instance => instance.stop()))
    await app.close()
    await rm(folder, { recursive: true, force: true })
  })

  const json = (path: string, body: object): Sent => ({
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })

  /** Every fourth is of another kind. */
  const requestOf = (at: number): Sent => {
    const upload = form([
      { head: `name="file"; filename="${at}.txt"\r\nContent-Type: text/plain`, body: `File ${at}` },
    ])
    const kinds: Sent[] = [
      json('/posts', { content: `Post ${at}`, tags: ['retried'], is_public: at % 8 === 0 }),
      json(`/posts/${post.post_id}/comments`, { content: `Comment ${at}` }),
      { method: 'POST', path: '/files/upload', ...upload },
      json('/files/uploads', { file_name: `${at}.bin`, file_type: 'application/octet-stream', file_size: 1 }),
    ]
    return kinds[at % kinds.length] ?? json('/posts', {})
  }

  /** To whichever instance; null where no answer came. */
  const sendOnce = async (at: number): Promise<Reply | null> => {
    const { headers, ...sent } = requestOf(at)
    const instance = living[Math.floor(Math.random() * living.length)]
    const own = { Authorization: `Bearer ${ann.token}`, 'Idempotency-Key': `request ${at}` }
    try {
      const reply = await exchange(instance?.url ?? '', { ...sent, headers: { ...headers, ...own } })
      answered++
      return reply
    } catch {
      lost++
      return null
    }
  }

  /** As a client does it: again until there is an answer that is one. */
  const send = async (at: number): Promise<Reply> => {
    for (;;) {
      const reply = await sendOnce(at)
      if (reply?.status === 201) return reply
      if (reply && reply.status !== 409 && reply.status !== 503)
        throw new Error(`request ${at}: ${reply.status} ${reply.text}`)
      await sleep(50 + Math.random() * 200)
    }
  }

  /** Some one after the other, some at once. */
  const sendThrice = async (at: number) => {
    if (at % 3 === 0) return Promise.all(Array.from({ length: TIMES }, () => send(at)))
    const replies: Reply[] = []
    while (replies.length < TIMES) replies.push(await send(at))
    return replies
  }

  test('have exactly as many effects, and each had one reply', async () => {
    let done = 0
    const limit = pLimit(AT_ONCE)
    const work = Promise.all(
      Array.from({ length: REQUESTS }, (_, at) =>
        limit(async () => {
          const replies = await sendThrice(at)
          done++
          return replies
        }),
      ),
    )
    let kills = 0
    /** One after the other, while there is something to be killed in the middle of. */
    const killing = async () => {
      while (kills < KILLS && done < REQUESTS) {
        const next = done + Math.random() * (REQUESTS / KILLS)
        while (done < Math.min(next, REQUESTS)) await sleep(Math.random() * 10)
        const victim = living.splice(Math.floor(Math.random() * living.length), 1)[0]
        await victim?.kill()
        kills++
        await launch()
      }
    }
    const [replies] = await Promise.all([work, killing()])
    expect(kills).toBeGreaterThan(KILLS / 2)
    // The kills were felt.
    expect(lost).toBeGreaterThan(0)
    for (const [at, each] of replies.entries()) {
      const [first] = each
      if (!first) throw new Error(`request ${at} had no reply`)
      for (const reply of each) expect([at, essenceOf(reply)]).toEqual([at, essenceOf(first)])
    }

    const expected = Array.from({ length: REQUESTS }, (_, at) => at)
    const ofKind = (kind: number) => expected.filter(at => at % 4 === kind)
    const sorted = (texts: unknown[]) => texts.map(String).sort()

    const posts = await rowsOf(app, 'Posts', ann.user_id)
    const own = posts.filter(({ post_id }) => post_id !== post.post_id)
    expect(sorted(own.map(({ content }) => content))).toEqual(sorted(ofKind(0).map(at => `Post ${at}`)))
    const [user] = await rowsOf(app, 'Users', ann.user_id)
    expect([user?.posts_count, (await rowsOf(app, 'UserPosts', ann.user_id)).length]).toEqual([
      posts.length,
      posts.length,
    ])
    expect(user?.public_posts_count).toBe(posts.filter(({ is_public }) => is_public).length)

    const comments = await rowsOf(app, 'Comments', post.post_id)
    expect(sorted(comments.map(({ content }) => content))).toEqual(
      sorted(ofKind(1).map(at => `Comment ${at}`)),
    )
    expect(posts.find(({ post_id }) => post_id === post.post_id)?.comments_count).toBe(comments.length)

    const files = await rowsOf(app, 'FileMetadata', ann.user_id)
    const ready = files.filter(({ status }) => status === 'ready')
    expect(sorted(ready.map(({ file_name }) => file_name))).toEqual(sorted(ofKind(2).map(at => `${at}.txt`)))
    // One that can be gone on with for each reply; what else was begun when its process died waits for its end.
    const begun = replies
      .filter((_, at) => at % 4 === 3)
      .map(([reply]) => JSON.parse(reply?.text ?? '{}').upload_id)
    const usable = files.filter(({ multipart }) =>
      JSON.stringify(multipart ?? '').includes('store_upload_id'),
    )
    expect(sorted(usable.map(({ file_id }) => file_id))).toEqual(sorted(begun))
    process.stdout.write(
      `${REQUESTS} requests, ${answered} answers and ${lost} lost, ${kills} kills: ${own.length} posts, ${comments.length} comments, ` +
        `${ready.length} files, ${usable.length} uploads begun, ${files.length - ready.length - usable.length} given up half-way\n`,
    )
  }, 600_000)
})
