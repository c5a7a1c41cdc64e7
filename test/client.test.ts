import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createPlaza, type Plaza } from '../client/plaza.ts'
import { startApp, type TestApp } from './support/app.ts'
import { ok } from './support/ok.ts'
import { until } from './support/until.ts'

const MAKE = new URL('../scripts/client/make.ts', import.meta.url).pathname

describe('the typed client', () => {
  let app: TestApp
  let ann: Plaza
  let bob: Plaza
  let annsId: string

  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  test('is made of the API as it is: else run `npm run client`', async () => {
    const make = promisify(execFile)(process.execPath, [MAKE, '--check', '--from', `${app.url}/openapi.json`])
    await expect(make).resolves.toEqual({ stdout: '', stderr: '' })
  })

  test('signs up and logs in', async () => {
    const anybody = createPlaza(app.url)
    const enter = async (name: string) => {
      const credentials = { email: `${name}@example.com`, password: `${name}'s own password` }
      await ok(anybody.POST('/auth/register', { body: { ...credentials, name } }))
      return ok(anybody.POST('/auth/login', { body: credentials }))
    }
    const [first, second] = await Promise.all([enter('ann'), enter('bob')])
    annsId = first.user.user_id
    ann = createPlaza(app.url, first.token)
    bob = createPlaza(app.url, second.token)
    const { user } = await ok(ann.GET('/users/profile'))
    expect([user.name, user.email]).toEqual(['ann', 'ann@example.com'])
  })

  test('tells a problem from a reply', async () => {
    const { data, error, response } = await createPlaza(app.url).GET('/feed')
    expect([response.status, data, error?.code]).toEqual([401, undefined, 'unauthorized'])
  })

  test('follows, and puts a post with a file into a feed', async () => {
    const path = { user_id: annsId }
    expect((await bob.PUT('/users/{user_id}/follow', { params: { path } })).response.status).toBe(204)

    const file = new File(['Olives, bread, fish'], 'list.txt', { type: 'text/plain' })
    const uploaded = await ok(
      ann.POST('/files/upload', { body: { file, tags: ['shopping'], is_public: true } }),
    )
    expect(uploaded.file).toMatchObject({ file_name: 'list.txt', tags: ['shopping'], is_public: true })
    const { post } = await ok(
      ann.POST('/posts', { body: { content: 'What to buy', file_ids: [uploaded.file.file_id] } }),
    )

    const feed = await until(
      () => ok(bob.GET('/feed', { params: { query: { limit: 10 } } })),
      ({ posts }) => posts.length > 0,
    )
    expect(feed.posts.map(({ post_id }) => post_id)).toEqual([post.post_id])
    const [fileId = ''] = feed.posts[0]?.file_ids ?? []
    const read = await bob.GET('/files/{file_id}/content', {
      params: { path: { file_id: fileId } },
      parseAs: 'text',
    })
    expect(read.data).toBe('Olives, bread, fish')
  })

  test('sends a file in parts', async () => {
    const bytes = Buffer.from('a file that could be larger')
    const upload = await ok(
      ann.POST('/files/uploads', {
        body: {
          file_name: 'notes.txt',
          file_type: 'text/plain',
          file_size: bytes.length,
          checksum_sha256: createHash('sha256').update(bytes).digest('hex'),
        },
      }),
    )
    const path = { upload_id: upload.upload_id }
    await ok(
      ann.PUT('/files/uploads/{upload_id}/parts/{part_number}', {
        params: { path: { ...path, part_number: '1' } },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: new Blob([bytes]),
      }),
    )
    const { file } = await ok(ann.POST('/files/uploads/{upload_id}/complete', { params: { path } }))
    const mine = await ok(ann.GET('/files'))
    expect(mine.files.map(({ file_name }) => file_name)).toEqual(['notes.txt', 'list.txt'])
    expect(file.file_id).toBe(upload.file_id)
  })

  test('reacts, comments and looks for tags', async () => {
    const { post } = await ok(ann.POST('/posts', { body: { content: 'The sea', tags: ['Lisbon', 'beach'] } }))
    const params = { path: { post_id: post.post_id } }
    const reaction = await ok(bob.PUT('/posts/{post_id}/like', { params, body: { like_type: 'love' } }))
    expect(reaction.reactions.love).toBe(1)
    await ok(bob.POST('/posts/{post_id}/comments', { params, body: { content: 'On my way' } }))
    const { comments } = await ok(ann.GET('/posts/{post_id}/comments', { params }))
    expect(comments.map(({ author }) => author?.name)).toEqual(['bob'])
    const found = await ok(bob.GET('/posts', { params: { query: { tag: ['lisbon', 'beach'] } } }))
    expect(found.posts).toMatchObject([
      { post_id: post.post_id, viewer: { like_type: 'love', shared: false } },
    ])
  })

  test('logs out', async () => {
    expect((await ann.POST('/auth/logout')).response.status).toBe(204)
    expect((await ann.GET('/users/profile')).error?.code).toBe('unauthorized')
  })
})
