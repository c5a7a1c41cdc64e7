import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { comment } from './support/comments.ts'
import { exchange } from './support/exchange.ts'
import { createChecker, type Described, fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { expectProblem } from './support/problems.ts'
import { as, login, type SeededPost, type SeededUser, seedInto } from './support/seed.ts'
import { seedFile } from './support/seed-file.ts'

const TAGGED = { tags: ['beach'] }

/** A value for each parameter that must be there. */
const REQUIRED: Record<string, string> = { tag: 'beach' }

describe('the query of a list', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser
  /** Of each of them, with what hangs on it, from both. */
  const posts = new Map<string, SeededPost>()
  let lists: Described[]
  let check: ReturnType<typeof createChecker>

  beforeAll(async () => {
    app = await startApp()
    const seed = seedInto(app)
    const others = await seed.users('cleo', 'dan')
    const users = await seed.users('ann', 'bob')
    ann = users[0]
    bob = users[1]
    for (const user of users) {
      for (const other of others) {
        await as(app, user).put(`/users/${other.user_id}/follow`).expect(204)
        await as(app, other).put(`/users/${user.user_id}/follow`).expect(204)
      }
    }
    for (const user of users) {
      await Promise.all([
        seed.post(user, TAGGED),
        seed.post(user, TAGGED),
        seed.post(user, { is_public: false }),
      ])
      posts.set(user.user_id, await seed.post(user))
      await Promise.all([login(app, user), login(app, user)])
      await Promise.all([seedFile(app, user), seedFile(app, user), seedFile(app, user)])
    }
    for (const user of users) {
      for (const post of posts.values()) {
        await as(app, user).put(`/posts/${post.post_id}/like`).send({ like_type: 'love' }).expect(200)
        await comment(app, user, post, 'x')
      }
    }
    lists = operationsOf(await fetchDocument(app)).filter(({ parameters }) =>
      parameters.some(({ name }) => name === 'cursor'),
    )
    check = createChecker(app)
  })
  afterAll(() => app.close())

  const get = async (list: Described, query: string, user: SeededUser | null = ann, of = ann) => {
    const post = posts.get(of.user_id)?.post_id ?? ''
    const needed = list.parameters.filter(({ in: place, required }) => place === 'query' && required)
    const asked = [...needed.map(({ name }) => `${name}=${REQUIRED[name]}`), query].join('&')
    const path = `${list.template.replace('{user_id}', of.user_id).replace('{post_id}', post)}?${asked}`
    const headers = user ? { Authorization: `Bearer ${user.token}` } : {}
    const reply = await exchange(app.url, { method: 'GET', path, headers })
    expect([path, check(list, reply)]).toEqual([path, null])
    return reply
  }
  const cursorOf = async (list: Described, user: SeededUser | null = ann, of = ann): Promise<string> => {
    const { text } = await get(list, 'limit=1', user, of)
    const { next_cursor } = JSON.parse(text)
    expect(next_cursor).toEqual(expect.any(String))
    return next_cursor
  }
  const list = (template: string) => {
    const found = lists.find(one => one.template === template)
    if (!found) throw new Error(`${template} is no list`)
    return found
  }

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=0x10', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit', 'limit'],
    ['limit=%2010', 'limit'],
    ['limit=+5', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['limit=NaN', 'limit'],
    ['limit=%D9%A1', 'limit'],
    ['limit=1&limit=1', 'limit'],
    ['limit[]=1', 'limit[]'],
    ['limit[a]=1', 'limit[a]'],
    ['LIMIT=1', 'LIMIT'],
    ['cursor=', 'cursor'],
    [`cursor=${'a'.repeat(1001)}`, 'cursor'],
    ['cursor=a&cursor=b', 'cursor'],
    ['page=2', 'page'],
    ['__proto__=1', '__proto__'],
    ['__proto__[x]=1', '__proto__[x]'],
    ['constructor=1', 'constructor'],
    ['toString=1', 'toString'],
    ['=1', ''],
  ])('%s is 422 that names the parameter', async (query, name) => {
    for (const one of lists) {
      const { errors } = expectProblem(await get(one, query), { status: 422, code: 'validation_failed' })
      expect(errors?.map(({ pointer }) => pointer)).toEqual([name])
    }
  })

  test.each(['limit=1', 'limit=100', 'limit=007', '', '&', 'limit=%31'])('%j is taken', async query => {
    for (const one of lists) expect((await get(one, query)).status).toBe(200)
  })

  describe('a cursor', () => {
    const refused = async (one: Described, cursor: string, user: SeededUser | null = ann, of = ann) =>
      expectProblem(await get(one, `cursor=${encodeURIComponent(cursor)}`, user, of), {
        status: 400,
        code: 'invalid_cursor',
      })

    test('leads on where it comes from', async () => {
      for (const one of lists) {
        expect((await get(one, `cursor=${await cursorOf(one)}`)).status).toBe(200)
        expect((await get(one, `limit=1&cursor=${await cursorOf(one)}`)).status).toBe(200)
      }
    })

    test.each(['a', 'null', '0', '%00', '\u0000', '😀', 'AAAA', 'A'.repeat(1000), '../..', '{"a":1}'])(
      'that somebody made up is 400: %j',
      async cursor => {
        for (const one of lists) await refused(one, cursor)
      },
    )

    test('that was changed in any way is 400', async () => {
      for (const one of lists) {
        const cursor = await cursorOf(one)
        const changed = (at: number) => {
          const other = cursor.at(at) === 'A' ? 'B' : 'A'
          return cursor.slice(0, at) + other + cursor.slice(at + 1)
        }
        const forgeries = [
          cursor.slice(0, -1),
          cursor.slice(0, 22),
          cursor.slice(1),
          `${cursor}A`,
          `${cursor}=`,
          `${cursor}.`,
          ` ${cursor}`,
          cursor.toLowerCase(),
          cursor + cursor,
          ...[0, 5, 21, 22, 30, cursor.length - 2].map(changed),
        ]
        for (const forged of forgeries) await refused(one, forged)
      }
    })

    test('from another list is 400', async () => {
      const [sessions, posts] = [list('/auth/sessions'), list('/users/{user_id}/posts')]
      const files = list('/files')
      await refused(files, await cursorOf(sessions))
      await refused(posts, await cursorOf(files))
      await refused(sessions, await cursorOf(posts))
      await refused(posts, await cursorOf(sessions))
      await refused(posts, await cursorOf(posts, bob, bob), ann, ann)
      await refused(posts, await cursorOf(posts, ann, bob), ann, ann)
    })

    test('of the own view of a list is not good for the view of others', async () => {
      const posts = list('/users/{user_id}/posts')
      await refused(posts, await cursorOf(posts, ann), null)
      await refused(posts, await cursorOf(posts, ann), bob)
      await refused(posts, await cursorOf(posts, null), ann)
      expect((await get(posts, `cursor=${await cursorOf(posts, null)}`, bob)).status).toBe(200)
    })

    test("of somebody else's sessions is 400", async () => {
      const sessions = list('/auth/sessions')
      await refused(sessions, await cursorOf(sessions, bob), ann)
    })

    test('of the comments of another post, in another order or on another level, is 400', async () => {
      const comments = list('/posts/{post_id}/comments')
      await refused(comments, await cursorOf(comments, ann, bob), ann, ann)
      await refused(comments, await cursorOf(list('/posts/{post_id}/likes')), ann)
      const cursor = encodeURIComponent(await cursorOf(comments))
      expect((await get(comments, `order=asc&cursor=${cursor}`, null)).status).toBe(200)
      const parent = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'
      for (const filter of ['order=desc', `parent_comment_id=${parent}`])
        expectProblem(await get(comments, `${filter}&cursor=${cursor}`), {
          status: 400,
          code: 'invalid_cursor',
        })
      for (const [filter, name] of [
        ['order=up', 'order'],
        ['order=ASC', 'order'],
        ['order=asc&order=asc', 'order'],
        ['parent_comment_id=x', 'parent_comment_id'],
        ['parent_comment_id=', 'parent_comment_id'],
      ] as const) {
        const { errors } = expectProblem(await get(comments, filter), {
          status: 422,
          code: 'validation_failed',
        })
        expect(errors?.map(({ pointer }) => pointer)).toEqual([name])
      }
    })

    test("of another post's likes, of those of another type, or of somebody else's own, is 400", async () => {
      const [likes, own] = [list('/posts/{post_id}/likes'), list('/users/profile/likes')]
      await refused(likes, await cursorOf(likes, ann, bob), ann, ann)
      const cursor = encodeURIComponent(await cursorOf(likes))
      for (const type of ['love', 'angry'])
        expectProblem(await get(likes, `like_type=${type}&cursor=${cursor}`), {
          status: 400,
          code: 'invalid_cursor',
        })
      await refused(own, await cursorOf(own, bob), ann)
      await refused(own, await cursorOf(list('/users/{user_id}/posts')), ann)
      // Everybody sees the same of a post that everybody may see.
      const shared = encodeURIComponent(await cursorOf(likes, null))
      expect((await get(likes, `cursor=${shared}`, bob)).status).toBe(200)
    })

    test("of somebody else's files, or of those with another tag, is 400", async () => {
      const files = list('/files')
      await refused(files, await cursorOf(files, bob), ann)
      const cursor = encodeURIComponent(await cursorOf(files))
      expectProblem(await get(files, `tag=beach&cursor=${cursor}`), { status: 400, code: 'invalid_cursor' })
    })
  })
})
