import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { startApp, type TestApp } from './support/app.ts'
import { cancelled, startDynamoProxy } from './support/dynamo-proxy.ts'
import { countsOf, countsOfRows } from './support/post-counts.ts'
import { as, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

const TYPES = ['like', 'love', 'laugh', 'angry'] as const
const ACTIONS = [...TYPES, 'unlike', 'share', 'unshare'] as const
type Action = (typeof ACTIONS)[number] | 'comment'

const act = async (app: TestApp, user: SeededUser, { post_id }: SeededPost, action: Action) => {
  const calls = as(app, user)
  const url = `/posts/${post_id}`
  if (action === 'comment') return calls.post(`${url}/comments`).send({ content: 'x' })
  if (action === 'share') return calls.put(`${url}/share`)
  if (action === 'unshare') return calls.delete(`${url}/share`)
  if (action === 'unlike') return calls.delete(`${url}/like`)
  return calls.put(`${url}/like`).send({ like_type: action })
}

const expectExact = async (app: TestApp, post: SeededPost) => {
  const [told, counted] = [await countsOf(app, post), await countsOfRows(app, post)]
  expect(told).toEqual(counted)
}

describe('reactions and shares at the same moment', () => {
  let one: TestApp
  let two: TestApp
  let seed: ReturnType<typeof seedInto>
  let users: SeededUser[]
  const undo: (() => unknown)[] = []

  beforeAll(async () => {
    one = await startApp()
    two = await startApp(one.env)
    seed = seedInto(one)
    users = await Promise.all(Array.from({ length: 10 }, (_, at) => seed.user(`user${at}`)))
  })
  afterEach(async () => {
    for (const step of undo.splice(0)) await step()
  })
  afterAll(async () => {
    await two.close()
    await one.close()
  })

  const author = () => users[0] as SeededUser

  test('of one person: the same like from twenty places is one', async () => {
    const post = await seed.post(author())
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => act(at % 2 === 0 ? one : two, author(), post, 'love')),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    for (const { body } of replies) expect(body).toMatchObject({ like_type: 'love', likes_count: 1 })
    expect(await countsOf(one, post)).toMatchObject({ likes_count: 1, love: 1 })
    await expectExact(one, post)
  })

  test('of one person: every type at once from everywhere ends as one of them', async () => {
    const post = await seed.post(author())
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        act(at % 2 === 0 ? one : two, author(), post, TYPES[at % 4] ?? 'like'),
      ),
    )
    expect(replies.map(({ status }) => status).filter(status => status !== 200)).toEqual([])
    expect(await countsOf(two, post)).toMatchObject({ likes_count: 1 })
    await expectExact(one, post)
  })

  test('of many people on one post: what is counted is what is there', async () => {
    const history = fc.array(
      fc.record({ who: fc.nat(9), action: fc.constantFrom(...ACTIONS), here: fc.boolean() }),
      { minLength: 60, maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(history, async steps => {
        const post = await seed.post(author())
        const replies = await Promise.all(
          steps.map(({ who, action, here }) => act(here ? one : two, users[who] ?? author(), post, action)),
        )
        expect(replies.map(({ status }) => status).filter(status => ![200, 204].includes(status))).toEqual([])
        await expectExact(one, post)
        await expectExact(two, post)
      }),
      { numRuns: 4 },
    )
  })

  test('with hiding the post: who may not see it any more changes nothing', async () => {
    const [ann, ...others] = users
    if (!ann) throw new Error('there are ten')
    for (let round = 0; round < 4; round++) {
      const post = await seed.post(ann)
      const hide = as(two, ann).patch(`/posts/${post.post_id}`).send({ is_public: false })
      const [hidden, ...replies] = await Promise.all([
        hide,
        ...others.flatMap(user => [act(one, user, post, 'love'), act(two, user, post, 'share')]),
      ])
      expect(hidden.status).toBe(200)
      expect(replies.map(({ status }) => status).filter(status => ![200, 204, 404].includes(status))).toEqual(
        [],
      )
      await expectExact(one, post)
    }
  })

  describe('between the look at a post and the write', () => {
    /** Bob asks for something, and before that reaches the database Ann does something to her post. */
    const meanwhile = async (spoil: () => PromiseLike<unknown>) => {
      let spoilt = false
      const backends = watchDatabase(async ({ method, tables }) => {
        if (spoilt || method !== 'transact' || !tables.includes('Posts')) return
        spoilt = true
        await spoil()
      })
      const app = await startApp(one.env, { backends })
      undo.push(() => app.close())
      return app
    }
    const show = (post: SeededPost, is_public: boolean) =>
      as(two, author()).patch(`/posts/${post.post_id}`).send({ is_public }).expect(200)

    test.each(['angry', 'unlike', 'share', 'unshare', 'comment'] as const)(
      'it is hidden: %s is not found and changes nothing',
      async action => {
        const bob = users[1] as SeededUser
        const post = await seed.post(author())
        await act(one, bob, post, 'love')
        if (action === 'unshare') await act(one, bob, post, 'share')
        const before = await countsOf(one, post)
        const app = await meanwhile(() => show(post, false))
        expect((await act(app, bob, post, action)).status).toBe(404)
        expect(await countsOf(one, post)).toEqual(before)
        await expectExact(one, post)
      },
    )

    test('it is deleted: not found, and nothing is left', async () => {
      const bob = users[1] as SeededUser
      const post = await seed.post(author())
      const app = await meanwhile(() => as(two, author()).delete(`/posts/${post.post_id}`).expect(204))
      expect((await act(app, bob, post, 'love')).status).toBe(404)
      await settled(one)
      expect(await countsOfRows(one, post)).toMatchObject({ likes_count: 0 })
    })
  })

  test('with deleting the post: nothing is left of them', async () => {
    const [ann, ...others] = users
    if (!ann) throw new Error('there are ten')
    for (let round = 0; round < 4; round++) {
      const post = await seed.post(ann)
      const [deleted, ...replies] = await Promise.all([
        as(two, ann).delete(`/posts/${post.post_id}`),
        ...others.flatMap(user => [act(one, user, post, 'angry'), act(two, user, post, 'share')]),
      ])
      expect(deleted.status).toBe(204)
      expect(replies.map(({ status }) => status).filter(status => ![200, 204, 404].includes(status))).toEqual(
        [],
      )
      await settled(one)
      const none = {
        like: 0,
        love: 0,
        laugh: 0,
        angry: 0,
        likes_count: 0,
        shares_count: 0,
        comments_count: 0,
      }
      expect(await countsOfRows(one, post)).toEqual(none)
    }
  })

  test('that meet others in the database are tried again, and never fail for it', async () => {
    let conflicts = 0
    const writes = new Set(['Reactions', 'Shares'].map(name => one.context.backends.dynamo.table(name)))
    const proxy = await startDynamoProxy(({ operation, input }) => {
      if (operation !== 'TransactWriteItems') return undefined
      const text = JSON.stringify(input)
      if (![...writes].some(table => text.includes(`"${table}"`))) return undefined
      // Three of four go wrong; what is retried comes through in the end.
      return ++conflicts % 4 === 0 ? undefined : cancelled('None', 'TransactionConflict')
    })
    undo.push(proxy.close)
    const app = await startApp({ ...one.env, DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.unshift(() => app.close())
    const post = await seed.post(author())
    const statuses = await Promise.all(
      users.flatMap(user =>
        (['love', 'share', 'angry', 'unlike', 'unshare'] as const).map(
          async action => (await act(app, user, post, action)).status,
        ),
      ),
    )
    expect(statuses.filter(status => ![200, 204].includes(status))).toEqual([])
    expect(conflicts).toBeGreaterThan(users.length)
    await expectExact(one, post)
  })

  test('whose answer gets lost count once', async () => {
    const lost = new Set(['Reactions', 'Shares'])
    const proxy = await startDynamoProxy(({ operation, input }) => {
      const text = JSON.stringify(input)
      const table = [...lost].find(name => text.includes(`"${one.context.backends.dynamo.table(name)}"`))
      if (operation !== 'TransactWriteItems' || !table) return undefined
      lost.delete(table)
      return 'lost'
    })
    undo.push(proxy.close)
    const app = await startApp({ ...one.env, DYNAMODB_ENDPOINT: proxy.endpoint })
    undo.unshift(() => app.close())
    const post = await seed.post(author())
    expect((await act(app, author(), post, 'love')).body).toMatchObject({ likes_count: 1 })
    expect((await act(app, author(), post, 'share')).status).toBe(204)
    expect(lost.size).toBe(0)
    expect(await countsOf(one, post)).toMatchObject({ likes_count: 1, shares_count: 1 })
    await expectExact(one, post)
  })
})
