import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { comment, type SeededComment, thread, urlOf } from './support/comments.ts'
import { cancelled, startDynamoProxy } from './support/dynamo-proxy.ts'
import { countsOf, countsOfRows } from './support/post-counts.ts'
import { rowsOf } from './support/rows.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'

const among = (replies: { status: number }[], allowed: number[]) =>
  replies.map(({ status }) => status).filter(status => !allowed.includes(status))

describe('comments at the same moment', () => {
  let one: TestApp
  let two: TestApp
  let seed: ReturnType<typeof seedInto>
  let users: SeededUser[]
  let ann: SeededUser
  const undo: (() => unknown)[] = []

  beforeAll(async () => {
    one = await startApp()
    two = await startApp(one.env)
    seed = seedInto(one)
    users = await Promise.all(Array.from({ length: 8 }, (_, at) => seed.user(`user${at}`)))
    ann = users[0] as SeededUser
  })
  afterEach(async () => {
    for (const step of undo.splice(0)) await step()
  })
  afterAll(async () => {
    await two.close()
    await one.close()
  })

  const app = (at: number) => (at % 2 === 0 ? one : two)
  const say = (at: number, user: SeededUser, post: SeededPost, parent?: SeededComment) =>
    as(app(at), user)
      .post(`/posts/${post.post_id}/comments`)
      .send({ content: 'x', ...(parent && { parent_comment_id: parent.comment_id }) })

  const expectExact = async (post: SeededPost) => {
    await settled(one)
    expect(await countsOf(one, post)).toEqual(await countsOfRows(one, post))
  }

  test('of many people on one post: each counts', async () => {
    const post = await seed.post(ann)
    const replies = await Promise.all(users.flatMap(user => [0, 1, 2, 3].map(at => say(at, user, post))))
    expect(among(replies, [201])).toEqual([])
    expect(await countsOf(one, post)).toMatchObject({ comments_count: 32 })
    expect(await thread(two, post)).toHaveLength(32)
    await expectExact(post)
  })

  test('to reply to a comment and to delete it: no reply is left without its place', async () => {
    for (let round = 0; round < 6; round++) {
      const post = await seed.post(ann)
      const parent = await comment(one, ann, post, 'parent')
      const [deleted, ...replies] = await Promise.all([
        as(two, ann).delete(urlOf(parent)),
        ...users.map((user, at) => say(at, user, post, parent)),
      ])
      expect(deleted.status).toBe(204)
      expect(among(replies, [201, 422])).toEqual([])
      const said = replies.filter(({ status }) => status === 201).length
      const top = await thread(one, post)
      // Either it is gone and nobody got a reply in, or it stands as a tombstone over those who did.
      expect(top).toHaveLength(said > 0 ? 1 : 0)
      if (top[0]) expect(top[0]).toMatchObject({ deleted: true, content: '', replies_count: said })
      expect(await thread(one, post, { parent_comment_id: parent.comment_id })).toHaveLength(said)
      await expectExact(post)
    }
  })

  test('to delete a reply and what it replied to, from everywhere: each counts once', async () => {
    for (let round = 0; round < 6; round++) {
      const post = await seed.post(ann)
      const parent = await comment(one, ann, post, 'parent')
      const reply = await comment(one, ann, post, 'reply', parent)
      const deletions = [parent, reply].flatMap(said =>
        [0, 1, 2, 3].map(at => as(app(at), ann).delete(urlOf(said))),
      )
      const replies = await Promise.all(deletions)
      expect(among(replies, [204, 404])).toEqual([])
      expect(replies.filter(({ status }) => status === 204)).toHaveLength(2)
      expect(await countsOf(one, post)).toMatchObject({ comments_count: 0 })
      await expectExact(post)
    }
  })

  test('to like a comment, take that back, change it and delete it: no like is left', async () => {
    for (let round = 0; round < 6; round++) {
      const post = await seed.post(ann)
      const said = await comment(one, ann, post, 'x')
      if (round % 2 === 0) await comment(one, ann, post, 'reply', said)
      const [deleted, changed, ...likes] = await Promise.all([
        as(two, ann).delete(urlOf(said)),
        as(one, ann).patch(urlOf(said)).send({ content: 'y' }),
        ...users.flatMap((user, at) => [
          as(app(at), user).put(`${urlOf(said)}/like`),
          as(app(at + 1), user).delete(`${urlOf(said)}/like`),
        ]),
      ])
      expect(deleted.status).toBe(204)
      expect(among([changed, ...likes], [200, 204, 404])).toEqual([])
      await settled(one)
      expect(await rowsOf(one, 'CommentLikes', said.comment_id)).toEqual([])
      await expectExact(post)
    }
  })

  test('to like one comment from everywhere: each counts once', async () => {
    const post = await seed.post(ann)
    const said = await comment(one, ann, post, 'x')
    for (let round = 0; round < 3; round++) {
      const likes = users.flatMap((user, at) => [
        as(app(at), user).put(`${urlOf(said)}/like`),
        as(app(at + 1), user).put(`${urlOf(said)}/like`),
        as(app(at), user).delete(`${urlOf(said)}/like`),
      ])
      expect(among(await Promise.all(likes), [200, 204])).toEqual([])
      const [shown] = await thread(two, post)
      expect(shown?.likes_count).toBe((await rowsOf(one, 'CommentLikes', said.comment_id)).length)
    }
    await expectExact(post)
  })

  test('that meet others in the database are tried again, and never fail for it', async () => {
    let conflicts = 0
    const written = ['Comments', 'CommentLikes'].map(name => `"${one.context.backends.dynamo.table(name)}"`)
    const proxy = await startDynamoProxy(({ operation, input }) => {
      if (operation !== 'TransactWriteItems') return undefined
      const text = JSON.stringify(input)
      if (!written.some(table => text.includes(table))) return undefined
      return ++conflicts % 4 === 0 ? undefined : cancelled('TransactionConflict')
    })
    undo.push(proxy.close)
    const tried = await startApp({ ...one.env, DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.unshift(() => tried.close())
    const post = await seed.post(ann)
    const statuses = await Promise.all(
      users.map(async user => {
        const said = await comment(tried, user, post, 'x')
        const reply = await comment(tried, user, post, 'y', said)
        const liked = await as(tried, ann).put(`${urlOf(said)}/like`)
        const changed = await as(tried, user).patch(urlOf(said)).send({ content: 'z' })
        const buried = await as(tried, user).delete(urlOf(said))
        const gone = await as(tried, user).delete(urlOf(reply))
        return [liked, changed, buried, gone].map(({ status }) => status)
      }),
    )
    expect(statuses).toEqual(users.map(() => [200, 200, 204, 204]))
    expect(conflicts).toBeGreaterThan(users.length)
    await expectExact(post)
  })
})
