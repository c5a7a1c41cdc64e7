import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createCursors } from '../src/lib/cursors.ts'
import { createKeyRing } from '../src/lib/keys.ts'
import { createSeal } from '../src/lib/seal.ts'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { page } from './support/walk.ts'

const cursorsUnder = (secret: string, previous?: string) =>
  createCursors(createSeal(createKeyRing(secret, previous), 'cursor'))

const OLD = 'the secret of last year, long enough'
const NEW = 'the secret of this year, long enough'
const INVALID = expect.objectContaining({ status: 400, code: 'invalid_cursor' })

describe('cursors', () => {
  const cursors = cursorsUnder(NEW)

  test('lead back to where they were made, in the list that they were made for, and nowhere else', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (list, other, after) => {
        fc.pre(list !== other && after.isWellFormed())
        const cursor = cursors.write(list, after) ?? ''
        expect(cursor).toMatch(/^[\w-]+$/)
        expect(cursors.read(list, cursor)).toBe(after)
        expect(() => cursors.read(other, cursor)).toThrow(INVALID)
      }),
    )
  })

  test('are refused when a single character of them is changed, missing or too many', () => {
    const cursor = cursors.write('list', '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60') ?? ''
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A'
      const forged = [
        `${cursor.slice(0, at)}${other}${cursor.slice(at + 1)}`,
        cursor.slice(0, at),
        cursor.slice(0, at) + cursor.slice(at + 1),
      ]
      for (const text of forged) expect(() => cursors.read('list', text)).toThrow(INVALID)
    }
    for (const text of [`${cursor}=`, `${cursor}A`, ` ${cursor}`, cursor.toUpperCase(), '🙂']) {
      expect(() => cursors.read('list', text)).toThrow(INVALID)
    }
  })

  test('live through a change of the secret, and not through two', () => {
    const cursor = cursorsUnder(OLD).write('list', 'here') ?? ''
    expect(cursorsUnder(NEW, OLD).read('list', cursor)).toBe('here')
    expect(() => cursorsUnder(NEW).read('list', cursor)).toThrow(INVALID)
  })

  test('are no seals for another purpose, nor the other way round', () => {
    const tokens = createSeal(createKeyRing(NEW), 'refresh-token')
    expect(() => cursors.read('list', tokens.seal(Buffer.from('here'), 'list'))).toThrow(INVALID)
    expect(tokens.open(cursors.write('list', 'here') ?? '', 'list')).toBeNull()
  })

  test('stand for the first page when there is none, and end with nothing', () => {
    expect(cursors.read('list', undefined)).toBeUndefined()
    expect(cursors.write('list', null)).toBeNull()
  })
})

describe('a cursor over HTTP', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser
  let own: string
  let public_: string

  beforeAll(async () => {
    app = await startApp()
    const seed = seedInto(app)
    ;[ann, bob] = await seed.users('ann', 'bob')
    for (const author of [ann, ann, bob, bob]) await seed.post(author)
    own = (await page(app, ann, ann, { limit: 1 })).next_cursor ?? ''
    public_ = (await page(app, null, ann, { limit: 1 })).next_cursor ?? ''
  })
  afterAll(() => app.close())

  const refused = async (calls: ReturnType<typeof as>, path: string, cursor: string) => {
    const { body } = await calls.get(path).query({ cursor }).expect(400)
    expect(body).toMatchObject({ code: 'invalid_cursor', status: 400 })
  }

  test('is good for whoever may read the same list, with any limit, again and again', async () => {
    for (const viewer of [bob, null, bob]) {
      const { posts } = await page(app, viewer, ann, { limit: 50, cursor: public_ })
      expect(posts).toHaveLength(1)
    }
  })

  test('is not taken from the view of others to the own one, nor back', async () => {
    await refused(as(app, ann), `/users/${ann.user_id}/posts`, public_)
    await refused(as(app, bob), `/users/${ann.user_id}/posts`, own)
    await refused(as(app, bob), `/users/${bob.user_id}/posts`, own)
  })

  test('is not taken to the list of another user or to another route', async () => {
    await refused(as(app, ann), `/users/${bob.user_id}/posts`, public_)
    await refused(as(app, ann), '/auth/sessions', own)
    await login(app, ann)
    const { body } = await as(app, ann).get('/auth/sessions?limit=1').expect(200)
    await refused(as(app, ann), `/users/${ann.user_id}/posts`, body.next_cursor)
  })

  test('cannot be made up', async () => {
    const forged = Buffer.concat([Buffer.alloc(16), Buffer.from('019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60')])
    for (const cursor of [
      'x',
      'null',
      forged.toString('base64url'),
      `${public_}x`,
      public_.slice(1),
      '../../etc',
    ]) {
      await refused(as(app, bob), `/users/${ann.user_id}/posts`, cursor)
    }
    await anonymous(app).get(`/users/${ann.user_id}/posts?cursor=a&cursor=b`).expect(422)
    await anonymous(app).get(`/users/${ann.user_id}/posts?cursor=`).expect(422)
  })

  test('tells nothing but a place', () => {
    const payload = Buffer.from(own, 'base64url').subarray(16).toString()
    expect(payload).toMatch(/^[0-9a-f-]{36}$/)
  })
})
