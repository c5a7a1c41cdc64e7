import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { newId } from '../src/lib/ids.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { seedFile } from './support/seed-file.ts'

describe('the files of a post', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser

  beforeAll(async () => {
    app = await startApp()
    const users = await seedInto(app).users('ann', 'bob')
    ann = users[0]
    bob = users[1]
  })
  afterAll(() => app.close())

  const write = (file_ids: string[]) => as(app, ann).post('/posts').send({ content: 'x', file_ids })
  const fileOf = async (user: SeededUser, fields: { is_public?: boolean } = {}) =>
    (await seedFile(app, user, fields)).file_id
  const pointersOf = async (file_ids: string[]) => {
    const { body } = await write(file_ids).expect(422)
    expect(body.code).toBe('validation_failed')
    return body.errors.map(({ pointer }: { pointer: string }) => pointer)
  }
  const begin = async () => {
    const upload = { file_name: 'a', file_type: 'text/plain', file_size: 9 }
    return String((await as(app, ann).post('/files/uploads').send(upload).expect(201)).body.upload_id)
  }

  test("are the author's own, in the order in which they were named", async () => {
    const [first, second] = [await fileOf(ann), await fileOf(ann, { is_public: true })]
    const { body } = await write([second, first]).expect(201)
    expect(body.post.file_ids).toEqual([second, first])
    const read = await anonymous(app).get(`/posts/${body.post.post_id}`).expect(200)
    expect(read.body.post.file_ids).toEqual([second, first])
  })

  test('are ten at the most', async () => {
    const ids = await Promise.all(Array.from({ length: 11 }, () => fileOf(ann)))
    expect((await write(ids.slice(0, 10)).expect(201)).body.post.file_ids).toEqual(ids.slice(0, 10))
    expect(await pointersOf(ids)).toEqual(['#/file_ids'])
  })

  test("are none of somebody else's, also not of their public ones, and none that nobody has", async () => {
    const own = await fileOf(ann)
    expect(
      await pointersOf([await fileOf(bob), own, await fileOf(bob, { is_public: true }), newId()]),
    ).toEqual(['#/file_ids/0', '#/file_ids/2', '#/file_ids/3'])
    // What is private and what is not there are refused in the same words.
    const { body: foreign } = await write([await fileOf(bob)]).expect(422)
    const { body: none } = await write([newId()]).expect(422)
    expect({ ...foreign, request_id: '' }).toEqual({ ...none, request_id: '' })
  })

  test('are there: none that is still on its way, and none that was deleted', async () => {
    const deleted = await fileOf(ann)
    await as(app, ann).delete(`/files/${deleted}`).expect(204)
    const pending = await begin()
    expect(await pointersOf([pending, deleted])).toEqual(['#/file_ids/0', '#/file_ids/1'])

    await as(app, ann).put(`/files/uploads/${pending}/parts/1`).send('123456789').expect(200)
    expect(await pointersOf([pending])).toEqual(['#/file_ids/0'])
    await as(app, ann).post(`/files/uploads/${pending}/complete`).expect(200)
    await write([pending]).expect(201)
  })

  test('are kept once each, and those that are wrong are told wherever they stand', async () => {
    const [own, other] = [await fileOf(ann), await fileOf(ann)]
    expect((await write([own, other, own]).expect(201)).body.post.file_ids).toEqual([own, other])
    const unknown = newId()
    expect(await pointersOf([own, unknown, unknown])).toEqual(['#/file_ids/1', '#/file_ids/2'])
  })

  test('stay private when the post is public', async () => {
    const [hidden, open] = [await fileOf(ann), await fileOf(ann, { is_public: true })]
    await write([hidden, open]).expect(201)
    for (const caller of [as(app, bob), anonymous(app)]) {
      for (const path of ['', '/content', '/thumbnail'])
        await caller.get(`/files/${hidden}${path}`).expect(404)
      await caller.post(`/files/${hidden}/url`).send({}).expect(404)
      await caller.get(`/files/${open}/content`).expect(200, 'some text')
    }
    expect((await as(app, ann).get(`/files/${hidden}`).expect(200)).body.file.is_public).toBe(false)
  })

  test('can be deleted from under it, and the post stays', async () => {
    const file = await fileOf(ann)
    const { body } = await write([file]).expect(201)
    await as(app, ann).delete(`/files/${file}`).expect(204)
    const read = await anonymous(app).get(`/posts/${body.post.post_id}`).expect(200)
    expect(read.body.post).toMatchObject({ content: 'x', file_ids: [file] })
    await as(app, ann).patch(`/posts/${body.post.post_id}`).send({ content: 'y' }).expect(200)
  })
})
