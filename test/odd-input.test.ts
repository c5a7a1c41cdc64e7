import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'

describe('odd input that is allowed', () => {
  let app: TestApp
  let ann: SeededUser

  beforeAll(async () => {
    app = await startApp()
    ann = await seedInto(app).user('ann')
  })
  afterAll(() => app.close())

  test.each([
    ['a NUL', 'before\u0000after'],
    ['text that runs the other way', '\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd'],
    ['marks that could be composed, and are not', 'e\u0301'],
    ['5,000 characters of two UTF-16 units each', '\u{1f600}'.repeat(5000)],
    ['space on both sides', '  x\n\t'],
    ['what other places would run or expand', '<script>alert(1)</script> {{7*7}} %s \' " ; --'],
    ['a byte order mark', '\ufeffx'],
    ['characters that are none', '\uffff\ufffe\u{10ffff}'],
  ])('in a post comes back as it was sent: %s', async (_name, content) => {
    const { body } = await as(app, ann).post('/posts').send({ content }).expect(201)
    expect(body.post.content).toBe(content)
    const read = await anonymous(app).get(`/posts/${body.post.post_id}`).expect(200)
    expect(read.body.post.content).toBe(content)
  })

  test('in a profile comes back as it was sent: names that objects have by themselves', async () => {
    const profile_info = {
      constructor: 'a',
      toString: 'b',
      hasOwnProperty: 'c',
      prototype: 'd',
      'a.b': 'e',
      '#': '',
      ['\u{1f600}'.repeat(64)]: 'f',
      long: 'x'.repeat(1024),
    }
    const { body } = await as(app, ann).patch('/users/profile').send({ profile_info }).expect(200)
    expect(body.user.profile_info).toEqual(profile_info)
    const read = await anonymous(app).get(`/users/${ann.user_id}`).expect(200)
    expect(read.body.user.profile_info).toEqual(profile_info)
    await as(app, ann).patch('/users/profile').send({ profile_info: {} }).expect(200)
    const emptied = await as(app, ann).get('/users/profile').expect(200)
    expect(emptied.body.user.profile_info).toEqual({})
  })

  test('in a name is cut off around it, never within it', async () => {
    const { body } = await as(app, ann)
      .patch('/users/profile')
      .send({ name: '\n  A  \u{1f600}\t ' })
      .expect(200)
    expect(body.user.name).toBe('A  \u{1f600}')
  })

  test('tags are kept in a form that can be sent again', async () => {
    const tags = ['\u0130stanbul', 'STRASSE', '\u0958', '_-_', '\u0663', 'Strasse']
    const { body } = await as(app, ann).post('/posts').send({ content: 'x', tags }).expect(201)
    expect(body.post.tags).toEqual(['istanbul', 'strasse', '\u0915', '_-_', '\u0663'])
    const again = await as(app, ann)
      .patch(`/posts/${body.post.post_id}`)
      .send({ tags: body.post.tags })
      .expect(200)
    expect(again.body.post.tags).toEqual(body.post.tags)
  })

  test('is counted in characters, as the document counts, not in UTF-16 units', async () => {
    const long = (characters: number) => '\u{1f600}'.repeat(characters)
    const post = (path: string, body: object) => anonymous(app).post(path).send(body)
    await post('/auth/login', { email: long(1024), password: long(1024) }).expect(401)
    await post('/auth/login', { email: long(1024), password: long(1025) }).expect(422)
    await post('/auth/refresh', { refresh_token: long(512) }).expect(401)
    await post('/auth/refresh', { refresh_token: long(513) }).expect(422)
  })

  test('a repeated field of a body counts as it was written last', async () => {
    const { body } = await as(app, ann)
      .post('/posts')
      .set('Content-Type', 'application/json')
      .send('{"content":"first","content":"last"}')
      .expect(201)
    expect(body.post.content).toBe('last')
  })

  test.each([
    'http://images.example.com/a.jpg',
    'https:images.example.com/a.jpg',
    'https:///a.jpg',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    'https://images.example.com/a b.jpg',
    'https://images.example.com/\u0000.jpg',
    'https://images.example.com/\ud800.jpg',
    'https://[::1',
    `https://images.example.com/${'a'.repeat(2048)}`,
  ])('is not allowed for an image: %j', async image_url => {
    const { body } = await as(app, ann).post('/posts').send({ content: 'x', image_url }).expect(422)
    expect(new Set(body.errors.map(({ pointer }: { pointer: string }) => pointer))).toEqual(
      new Set(['#/image_url']),
    )
  })

  test('the address of an image loses what does not belong to it', async () => {
    const image_url = ' \thttps://images.example.com/a\n.jpg\n'
    const { body } = await as(app, ann).post('/posts').send({ content: 'x', image_url }).expect(201)
    expect(body.post.image_url).toBe('https://images.example.com/a.jpg')
  })

  test.each([
    'https://images.example.com/\u00fc.jpg?a=b#c',
    'https://m\u00fcnchen.example/x',
    'https://[::1]:8443/',
  ])('is allowed for an image and kept as it is: %s', async image_url => {
    const { body } = await as(app, ann).post('/posts').send({ content: 'x', image_url }).expect(201)
    expect(body.post.image_url).toBe(image_url)
  })
})
