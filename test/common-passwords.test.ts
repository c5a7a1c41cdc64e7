import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { dictionary } from '@zxcvbn-ts/language-common'
import { isCommonPassword } from '../src/auth/common-passwords.ts'
import { createPasswords } from '../src/auth/password.ts'
import { startApp, type TestApp } from './support/app.ts'
import { mailbox } from './support/mailbox.ts'
import { anonymous, as, login, seedInto } from './support/seed.ts'

describe('one of the commonest passwords', () => {
  let app: TestApp
  let made = 0

  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app.close())

  const refused = (pointer: string) => ({
    code: 'validation_failed',
    errors: [{ pointer, message: 'must not be one of the commonest passwords' }],
  })

  test.each([
    ['the first of all', 'password'],
    ['upper case', 'PassWord'],
    ['digits', '12345678'],
    ['a row of keys', 'Qwertyuiop'],
    ['full-width letters', 'ｐａｓｓｗｏｒｄ'],
    ['a name', 'michelle'],
    ['a date', '10081987'],
  ])('is taken nowhere: %s', async (_what, password) => {
    const ann = await seedInto(app).user('ann')
    const post = (path: string, body: object) => as(app, ann).post(path).send(body).expect(422)
    const registration = { email: 'new@example.com', password, name: 'New' }
    expect((await post('/auth/register', registration)).body).toMatchObject(refused('#/password'))
    const change = { current_password: ann.password, new_password: password }
    expect((await post('/auth/password', change)).body).toMatchObject(refused('#/new_password'))
    await anonymous(app).post('/auth/password/forgot').send({ email: ann.email }).expect(202)
    const { token } = await mailbox(ann.email, app).open()
    expect((await post('/auth/password/reset', { token, password })).body).toMatchObject(
      refused('#/password'),
    )
    // The link is as good as before.
    const reset = { token, password: 'something of my own' }
    await anonymous(app).post('/auth/password/reset').send(reset).expect(204)
    await login(app, { ...ann, password: reset.password })
  })

  test.each([
    ['longer', 'password of mine'],
    ['with a space at the end', 'password '],
    ['without its first letter', 'asswordx'],
    ['far down the list', '24061986x'],
  ])('may be part of another: %s', async (_what, password) => {
    const email = `n${++made}@example.com`
    await anonymous(app).post('/auth/register').send({ email, password, name: 'N' }).expect(201)
  })

  test.each(['plaza123', 'Plaza2026!', 'PLAZAPLAZAPLAZA', 'my plaza', 'ｐｌａｚａ-2026'])(
    'may lean on the name of the service no more than this: %s',
    async password => {
      const ann = await seedInto(app).user('ann')
      const told = (pointer: string) => ({
        code: 'validation_failed',
        errors: [{ pointer, message: 'must have 8 characters besides the name of this service' }],
      })
      const registration = { email: `n${++made}@example.com`, password, name: 'N' }
      const refused = await anonymous(app).post('/auth/register').send(registration).expect(422)
      expect(refused.body).toMatchObject(told('#/password'))
      const change = { current_password: ann.password, new_password: password }
      const kept = await as(app, ann).post('/auth/password').send(change).expect(422)
      expect(kept.body).toMatchObject(told('#/new_password'))
      const longer = { ...registration, password: `${password} and the rest` }
      await anonymous(app).post('/auth/register').send(longer).expect(201)
    },
  )

  test('still opens an account that has it from earlier times', async () => {
    const { dynamo } = app.context.backends
    const old = await seedInto(app).user('old')
    // As if it had been chosen before there was a list.
    await dynamo.update('Credentials', {
      Key: { email_key: old.email },
      UpdateExpression: 'SET password_hash = :hash',
      ExpressionAttributeValues: { ':hash': await createPasswords(4).hash('password') },
    })
    await login(app, { email: old.email, password: 'password' })
  })

  test('is one of three thousand, each of which is found, and no more', () => {
    const long = dictionary['passwords-common'].filter(password => password.length >= 8)
    expect(long.slice(0, 3000).every(isCommonPassword)).toBe(true)
    expect(long.slice(3000).filter(isCommonPassword)).toEqual([])
    expect(long.length).toBeGreaterThan(10_000)
  })
})
