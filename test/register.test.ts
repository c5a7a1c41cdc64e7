import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, login } from './support/seed.ts'

/** An e-mail address with so many characters. */
const addressOf = (length: number) => `${'a'.repeat(length - 248)}@${'bbb.'.repeat(61)}com`

describe('signing up', () => {
  let app: TestApp

  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  const register = (body: object) => anonymous(app).post('/auth/register').send(body)
  const valid = { email: 'valid@example.com', password: 'eight ch', name: 'Valid' }
  const uuid7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

  /** All rows of a table that hold the text somewhere. */
  const rowsWith = async (table: string, text: string) => {
    const { client, table: fullName } = app.context.backends.dynamo
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: fullName(table), ConsistentRead: true }),
    )
    return Items.filter(item => JSON.stringify(item).toLowerCase().includes(text))
  }

  test('tells who one is, and nothing of the password', async () => {
    const password = 'a password of Ann'
    const { body, headers, text } = await register({ email: ' Ann@Example.com ', password, name: ' Ann ' })
      .expect(201)
      .expect('Content-Type', /^application\/json/)
    expect(body).toStrictEqual({
      message: 'User registered successfully',
      user: {
        user_id: expect.stringMatching(uuid7),
        email: 'Ann@Example.com',
        name: 'Ann',
        profile_info: {},
        created_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        followers_count: 0,
        following_count: 0,
        posts_count: 0,
      },
    })
    expect(headers['cache-control']).toBe('no-store')
    const loggedIn = await login(app, { email: 'ann@example.com', password })
    expect(loggedIn.user).toStrictEqual(body.user)
    for (const reply of [text, JSON.stringify(loggedIn)]) expect(reply).not.toMatch(/hash|\$2[aby]\$|of Ann/)
  })

  test('fails for an address that somebody has, however it is written', async () => {
    await register({ ...valid, email: 'taken@example.com' }).expect(201)
    for (const email of [
      'taken@example.com',
      'TAKEN@Example.Com',
      '\t taken@example.com\n',
      '\u00a0taken@example.com',
    ]) {
      const { body } = await register({ ...valid, email }).expect(409)
      expect(body).toMatchObject({ status: 409, code: 'email_taken', error: 'User already exists' })
    }
  })

  test('makes one account when fifty do it at once with the same address in different case', async () => {
    const spellings = Array.from({ length: 50 }, (_, at) => {
      const email = [...'crowd@example.com']
        .map((c, i) => ((at >> (i % 6)) & 1 ? c.toUpperCase() : c))
        .join('')
      return ['', ' ', '\t', '  \n'][at % 4] + email + ['', ' '][at % 2]
    })
    expect(new Set(spellings).size).toBe(50)
    const replies = await Promise.all(
      spellings.map((email, at) => register({ email, password: `the password of ${at}`, name: `N${at}` })),
    )
    const made = replies.filter(reply => reply.status === 201)
    const refused = replies.filter(reply => reply.status === 409)
    expect([made.length, refused.length]).toEqual([1, 49])
    for (const { body } of refused) expect(body.code).toBe('email_taken')

    const [users, credentials] = await Promise.all([
      rowsWith('Users', 'crowd@example.com'),
      rowsWith('Credentials', 'crowd@example.com'),
    ])
    const { user } = made[0]?.body ?? {}
    expect(users.map(row => row.user_id?.S)).toEqual([user.user_id])
    expect(credentials.map(row => row.user_id?.S)).toEqual([user.user_id])

    const opens = await Promise.all(
      spellings.map((email, at) =>
        anonymous(app)
          .post('/auth/login')
          .send({ email, password: `the password of ${at}` }),
      ),
    )
    expect(opens.filter(reply => reply.status === 200).map(reply => reply.body.user)).toEqual([user])
    // Nobody's half account was left: each user of this file has credentials, and the other way round.
    expect(await rowsWith('Users', '')).toHaveLength((await rowsWith('Credentials', '')).length)
  })

  test.each([
    ['no address', { email: undefined }, '#/email'],
    ['an address without a domain', { email: 'ann' }, '#/email'],
    ['an empty address', { email: ' ' }, '#/email'],
    ['two addresses', { email: ['a@example.com', 'b@example.com'] }, '#/email'],
    ['an address of 255 characters', { email: addressOf(255) }, '#/email'],
    ['a space within the address', { email: 'ann b@example.com' }, '#/email'],
    ['half of a character in the address', { email: '\ud800@example.com' }, '#/email'],
    ['no name', { name: undefined }, '#/name'],
    ['a blank name', { name: ' \t ' }, '#/name'],
    ['a name of 101 characters', { name: 'n'.repeat(101) }, '#/name'],
    ['a name of 101 emoji', { name: '🦜'.repeat(101) }, '#/name'],
    ['a line break in the name', { name: 'Ann\nBob' }, '#/name'],
    ['no password', { password: undefined }, '#/password'],
    ['a number as the password', { password: 12345678 }, '#/password'],
    ['a field that nobody asked for', { is_admin: true }, '#/is_admin'],
  ])('is refused with %s, by a pointer to the field', async (_what, wrong, pointer) => {
    const { body } = await register({ ...valid, email: 'refused@example.com', ...wrong }).expect(422)
    expect(body).toMatchObject({ status: 422, code: 'validation_failed' })
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    expect(await rowsWith('Users', 'refused@')).toEqual([])
    expect(await rowsWith('Credentials', 'refused@')).toEqual([])
  })

  test('takes an address of 254 characters and a name of 100, counted as people count', async () => {
    const longest = { email: addressOf(254), name: '🦜'.repeat(100) }
    const { body } = await register({ ...valid, ...longest }).expect(201)
    expect(body.user).toMatchObject(longest)
  })
})
