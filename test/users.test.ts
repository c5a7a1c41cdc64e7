import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { evict } from './support/evict.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'
import { watchDatabase } from './support/watched-dynamo.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'

describe('users', () => {
  let app: TestApp
  let ann: SeededUser
  let bob: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ;[ann, bob] = await seedInto(app).users('ann', 'bob')
  })
  afterAll(() => app.close())

  const profile = async (user: SeededUser) =>
    (await as(app, user).get('/users/profile').expect(200)).body.user

  const patch = (user: SeededUser, changes: object) => as(app, user).patch('/users/profile').send(changes)

  /** The fields that a refused change is told of. */
  const faults = async (changes: object): Promise<string[]> => {
    const { body } = await patch(bob, changes).expect(422)
    expect(body).toMatchObject({ code: 'validation_failed', status: 422 })
    return [...new Set<string>(body.errors.map((error: { pointer: string }) => error.pointer))]
  }

  test('see all of themselves', async () => {
    const user = await profile(ann)
    expect(user).toEqual({
      user_id: ann.user_id,
      email: ann.email,
      name: 'ann',
      profile_info: {},
      created_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      followers_count: 0,
      following_count: 0,
      posts_count: 0,
    })
    const { body } = await as(app, ann).get(`/users/${ann.user_id}`).expect(200)
    expect(body.user).toEqual(user)
  })

  test('show others everything but the e-mail address, and to nobody in particular no relation either', async () => {
    const { email: _, ...shown } = await profile(ann)
    const { body: toBob } = await as(app, bob).get(`/users/${ann.user_id}`).expect(200)
    expect(toBob.user).toEqual({ ...shown, viewer: { following: false, followed_by: false } })
    const { body: toAnybody } = await anonymous(app).get(`/users/${ann.user_id}`).expect(200)
    expect(toAnybody.user).toEqual(shown)
  })

  test.each([
    NOBODY,
    'ann',
    '0',
    NOBODY.toUpperCase(),
    NOBODY.replace('-7', '-4'),
    `${NOBODY}0`,
    '%00',
    'constructor',
    '__proto__',
  ])('that do not exist are not found (%s)', async id => {
    for (const caller of [anonymous(app), as(app, ann)]) {
      const { body } = await caller.get(`/users/${id}`).expect(404)
      expect(body).toMatchObject({ code: 'not_found', status: 404 })
    }
  })

  test('read and change their profile only with a token', async () => {
    await anonymous(app).get('/users/profile').expect(401)
    await anonymous(app).patch('/users/profile').send({ name: 'Eve' }).expect(401)
  })

  test('change their name, and everybody sees it at once, on what they wrote too', async () => {
    const [cleo] = await seedInto(app).users('cleo')
    const post = await seedInto(app).post(cleo)
    for (const name of ['Cleo', 'Cleo 🐍 of Egypt', 'Κλεοπάτρα', 'ク'.repeat(100), '🐍'.repeat(100)]) {
      await evict(app, `user:${cleo.user_id}`)
      await anonymous(app).get(`/posts/${post.post_id}`).expect(200)
      const { body } = await patch(cleo, { name }).expect(200)
      expect(body.user).toMatchObject({ name, email: cleo.email, profile_info: {} })
      expect(await profile(cleo)).toEqual(body.user)
      const { body: seen } = await anonymous(app).get(`/users/${cleo.user_id}`).expect(200)
      expect(seen.user.name).toBe(name)
      const { body: read } = await as(app, bob).get(`/posts/${post.post_id}`).expect(200)
      expect(read.post.author).toEqual({ user_id: cleo.user_id, name })
      const { body: list } = await anonymous(app).get(`/users/${cleo.user_id}/posts`).expect(200)
      expect(list.posts[0].author.name).toBe(name)
    }
  })

  test('are out of the cache already before they change, in case the process dies right after', async () => {
    const key = `user:${ann.user_id}`
    const seen: (string | undefined)[] = []
    const backends = watchDatabase(async ({ method, tables }) => {
      if (method !== 'transact' || !tables.includes('Users')) return
      const [entry] = await app.context.backends.keyValue.getMany([key])
      seen.push(entry?.at(0))
    })
    const watched = await startApp(app.env, { backends })
    await evict(app, key)
    await as(app, ann).get('/users/profile').expect(200)
    await as(watched, ann)
      .patch('/users/profile')
      .send({ profile_info: { city: 'Lisbon' } })
      .expect(200)
    await watched.close()
    // A tombstone.
    expect(seen).toEqual(['t'])
  })

  test('have their name without the space around it', async () => {
    expect((await patch(bob, { name: '  Bob \t' }).expect(200)).body.user.name).toBe('Bob')
  })

  test('replace their profile as a whole, and change nothing else by that', async () => {
    const [dora] = await seedInto(app).users('dora')
    const before = await profile(dora)
    for (const profile_info of [
      { city: 'Lisbon', pronouns: 'she/her' },
      { bio: 'ä\n"\\ \u0000 🙂', empty: '' },
      { constructor: 'c', toString: 't', hasOwnProperty: 'h', 'a.b': '1', '#a': '2', ' ': '3', '😀': '4' },
      { b: '1', a: '2' },
      {},
    ]) {
      const { body } = await patch(dora, { profile_info }).expect(200)
      expect(body.user).toEqual({ ...before, profile_info })
      expect(await profile(dora)).toEqual(body.user)
    }
  })

  test('may use twenty keys of a kibibyte each', async () => {
    const full = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`key ${at}`, 'ü'.repeat(512)]))
    expect((await patch(bob, { profile_info: full }).expect(200)).body.user.profile_info).toEqual(full)
    expect(await faults({ profile_info: { ...full, more: '' } })).toEqual(['#/profile_info'])
    expect(await faults({ profile_info: { 'a/b~c': `${'ü'.repeat(512)}x` } })).toEqual([
      '#/profile_info/a~1b~0c',
    ])
    expect((await profile(bob)).profile_info).toEqual(full)
  })

  test('are told of every field that is wrong, and nothing is changed', async () => {
    const before = await profile(bob)
    expect(await faults({})).toEqual(['#'])
    expect(await faults({ name: '' })).toEqual(['#/name'])
    expect(await faults({ name: '   ' })).toEqual(['#/name'])
    expect(await faults({ name: 'x'.repeat(101) })).toEqual(['#/name'])
    expect(await faults({ name: 'a\u0007b' })).toEqual(['#/name'])
    expect(await faults({ name: '\ud800' })).toEqual(['#/name'])
    expect(await faults({ name: null })).toEqual(['#/name'])
    expect(await faults({ name: ['Bob'], profile_info: 'Lisbon' })).toEqual(['#/name', '#/profile_info'])
    expect(await faults({ profile_info: null })).toEqual(['#/profile_info'])
    expect(await faults({ profile_info: ['Lisbon'] })).toEqual(['#/profile_info'])
    expect(await faults({ profile_info: { '': 'x', ok: 'y', n: 1, deep: { a: 'b' } } })).toEqual([
      '#/profile_info/',
      '#/profile_info/n',
      '#/profile_info/deep',
    ])
    expect(await faults({ name: 'Robert', email: 'bob@example.org' })).toEqual(['#/email'])
    expect(await faults({ name: 'Robert', posts_count: 9, user_id: NOBODY })).toEqual([
      '#/posts_count',
      '#/user_id',
    ])
    expect(await profile(bob)).toEqual(before)
  })

  test('gain nothing by a __proto__', async () => {
    const before = await profile(bob)
    for (const body of [
      '{"__proto__":{"name":"x"}}',
      '{"profile_info":{"__proto__":"x"}}',
      '{"name":"B","__proto__":1}',
    ]) {
      await as(app, bob).patch('/users/profile').type('json').send(body).expect(422)
    }
    expect(await profile(bob)).toEqual(before)
  })

  test('that race to change different fields all succeed', async () => {
    const [emil] = await seedInto(app).users('emil')
    const changes = Array.from({ length: 10 }, (_, at) =>
      at % 2 === 0 ? { name: `Emil ${at}` } : { profile_info: { at: `${at}` } },
    )
    const replies = await Promise.all(changes.map(change => patch(emil, change)))
    expect(replies.map(reply => reply.status)).toEqual(changes.map(() => 200))
    const user = await profile(emil)
    expect(changes).toContainEqual({ name: user.name })
    expect(changes).toContainEqual({ profile_info: user.profile_info })
  })
})
