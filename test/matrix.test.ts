import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { exchange, type Reply, type Sent } from './support/exchange.ts'
import { mailbox } from './support/mailbox.ts'
import { ROWS, type Row } from './support/matrix-rows.ts'
import { PART } from './support/openapi-arbitrary.ts'
import { createChecker, type Described, fetchDocument, operationsOf } from './support/openapi-checker.ts'
import { rowsOf } from './support/rows.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './support/seed.ts'
import { settled } from './support/snapshot.ts'
import { createVictim, signedUp, type Things, thingsOf, type Victim } from './support/victim.ts'
import { wrongTokensOf } from './support/wrong-tokens.ts'

type Target = keyof Row

const NEW_PASSWORD = 'a new password of one’s own'

/** By the operations that show an owner what is their own: that a search for it finds it. */
const TELLING = [
  'GET /auth/sessions',
  'GET /feed',
  'GET /files',
  'GET /files/{file_id}',
  'GET /files/{file_id}/content',
  'GET /posts/{post_id}',
  'GET /posts/{post_id}/comments',
  'GET /users/profile',
  'GET /users/{user_id}/posts',
]

describe('every operation of the document', () => {
  let app: TestApp
  let operations: Map<string, Described>
  let check: ReturnType<typeof createChecker>
  /** Strangers meet only this one's things, which nobody changes. */
  let victim: Victim
  /** Shows that each request is one that goes through. */
  let owner: Victim
  let wrong: Record<string, string>
  const things: Record<'hidden' | 'shown', Things> = { hidden: {}, shown: {} }
  let before: object
  const told: string[] = []

  const EVERYTHING = '{post_id}{file_id}{upload_id}{session_id}'

  /** Each row of what is hidden, as the database has it. */
  const hiddenRows = async () => {
    await settled(app)
    const { post_id = '', comment_id = '', file_id = '', upload_id = '', session_id = '' } = things.hidden
    return {
      post: await rowsOf(app, 'Posts', post_id),
      comment: await rowsOf(app, 'Comments', comment_id),
      file: await rowsOf(app, 'FileMetadata', file_id),
      upload: await rowsOf(app, 'FileMetadata', upload_id),
      session: await rowsOf(app, 'Sessions', session_id),
      reactions: await rowsOf(app, 'Reactions', post_id),
      shares: await rowsOf(app, 'Shares', post_id),
    }
  }

  beforeAll(async () => {
    // So that there is all that can be: also addresses that are confirmed.
    app = await startApp({ REGISTRATION_MODE: 'verify' })
    const document = await fetchDocument(app)
    operations = new Map(operationsOf(document).map(one => [`${one.method} ${one.template}`, one]))
    check = createChecker(app)
    victim = await createVictim(app)
    owner = await createVictim(app)
    things.hidden = await thingsOf(app, victim, EVERYTHING, 'hidden')
    await thingsOf(app, owner, EVERYTHING, 'hidden')
    things.shown = await thingsOf(app, victim, EVERYTHING, 'shown')

    const sue = await seedInto(app).user('sue')
    await app.context.accounts.suspend(sue.email)
    wrong = { ...(await wrongTokensOf(app, victim)), 'of a suspended account': sue.token }
    before = await hiddenRows()
  })
  afterAll(() => app.close())

  /** JSON that would go through: the document's own example, but for what must be somebody's or nobody's own. */
  const jsonFor = (name: string, example: unknown, who: SeededUser | null, link: string | undefined) => {
    const address = `${randomBytes(6).toString('hex')}@example.com`
    const token = link ?? 'made up'
    const bodies: Record<string, object> = {
      'POST /auth/register': { email: address, password: `${address} and more`, name: 'New' },
      'POST /auth/login':
        who === owner
          ? { email: owner.email, password: owner.password }
          : { email: victim.email, password: 'made up' },
      'POST /auth/refresh': { refresh_token: who === owner ? owner.refresh_token : 'made up' },
      'POST /auth/password': { current_password: who?.password ?? 'made up', new_password: NEW_PASSWORD },
      'POST /auth/password/forgot': { email: victim.email },
      'POST /auth/email/verify': { token },
      'POST /auth/password/reset': { token, password: NEW_PASSWORD },
      'POST /files/uploads/{upload_id}/parts': { part_numbers: [1] },
      'POST /files/uploads/{upload_id}/complete': {},
    }
    return bodies[name] ?? example
  }

  const bodyFor = (name: string, who: SeededUser | null, link?: string): Pick<Sent, 'headers' | 'body'> => {
    const content = operations.get(name)?.requestBody?.content
    if (!content) return {}
    if (content['application/octet-stream']) return { body: PART }
    const body = jsonFor(name, content['application/json']?.example, who, link)
    return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  }

  const send = (name: string, about: Things, token: string | null, body: Pick<Sent, 'headers' | 'body'>) => {
    const [method = '', template = ''] = name.split(' ')
    const path = template.replaceAll(/\{(\w+)\}/g, (_, part: string) => about[part] ?? 'missing')
    return exchange(app.url, {
      method,
      // What is hidden is looked for.
      path: name === 'GET /posts' ? `${path}?tag=${victim.canary}` : path,
      ...body,
      headers: { ...body.headers, ...(token !== null && { Authorization: `Bearer ${token}` }) },
    })
  }

  /** What of the victim's is in a reply that should not be. */
  const leaksIn = ({ headers, text }: Reply) => {
    const whole = JSON.stringify([...headers]) + text
    const { post_id, comment_id, file_id, upload_id, session_id } = things.hidden
    const secrets = [
      victim.canary,
      victim.token,
      victim.refresh_token,
      post_id,
      comment_id,
      file_id,
      upload_id,
      session_id,
    ]
    return secrets.filter(secret => secret === undefined || whole.includes(secret))
  }

  const expectReply = (name: string, who: string, reply: Reply, status: number) => {
    const operation = operations.get(name)
    if (!operation) throw new Error(`there is no ${name}`)
    const fault = check(operation, reply)
    const expected = { who, status, fault: null, leaks: [] }
    expect({ who, status: reply.status, fault, leaks: leaksIn(reply) }).toEqual(expected)
  }

  const takesToken = (name: string) => operations.get(name)?.security.some(scheme => scheme.bearer)

  /** Everybody who is not the owner, at one thing. */
  const tryAll = async (name: string, target: Target, [nobody, others]: readonly [number, number]) => {
    const about = target === 'nothing' ? {} : things[target]
    expectReply(name, `nobody, ${target}`, await send(name, about, null, bodyFor(name, null)), nobody)
    for (const [what, token] of Object.entries(wrong)) {
      const reply = await send(name, about, token, bodyFor(name, null))
      expectReply(name, `a token ${what}, ${target}`, reply, takesToken(name) ? 401 : nobody)
    }
    // A user of their own, since some operations end a session or change a password.
    const other = await seedInto(app).user('other')
    await as(app, other).put(`/users/${victim.user_id}/follow`).expect(204)
    const reply = await send(name, about, other.token, bodyFor(name, other))
    expectReply(name, `somebody else, ${target}`, reply, others)
  }

  /** The token of a link that was mailed, where an operation asks for one. */
  const linkFor = async (name: string) => {
    if (name === 'POST /auth/email/verify')
      return signedUp(app, `${randomBytes(6).toString('hex')}@example.com`, NEW_PASSWORD)
    if (name !== 'POST /auth/password/reset') return undefined
    const { received, open } = mailbox(owner.email, app)
    const count = received().length
    await anonymous(app).post('/auth/password/forgot').send({ email: owner.email }).expect(202)
    return (await open(count + 1)).token
  }

  /** With a request that is the same but for whose it is. */
  const expectOwnerGoesThrough = async (name: string, { hidden }: Row) => {
    const [, template = ''] = name.split(' ')
    Object.assign(owner, await login(app, owner))
    const about = await thingsOf(app, owner, template, hidden ? 'hidden' : 'shown')
    if (name === 'PUT /users/{user_id}/follow') about.user_id = victim.user_id
    const link = await linkFor(name)
    const reply = await send(name, about, takesToken(name) ? owner.token : null, bodyFor(name, owner, link))
    const operation = operations.get(name)
    const good = Object.keys(operation?.responses ?? {}).filter(status => status.startsWith('2'))
    expect([name, good]).toEqual([name, expect.arrayContaining([String(reply.status)])])
    if (reply.text.includes(owner.canary)) told.push(name)
    if (name === 'POST /auth/password' || name === 'POST /auth/password/reset') owner.password = NEW_PASSWORD
  }

  test('stands in the matrix: whoever adds one says what strangers get', () => {
    expect([...operations.keys()].sort()).toEqual(Object.keys(ROWS).sort())
  })

  test.each(Object.entries(ROWS))('%s gives strangers what it says and nothing else', async (name, row) => {
    for (const target of ['hidden', 'shown', 'nothing'] as const) {
      const statuses = row[target]
      if (statuses) await tryAll(name, target, statuses)
    }
    await expectOwnerGoesThrough(name, row)
  })

  test('has left what is hidden as it was', async () => {
    expect(await hiddenRows()).toEqual(before)
    await as(app, victim).get('/users/profile').expect(200)
  })

  test('was searched for what an owner is told', () => {
    expect(told.sort()).toEqual(expect.arrayContaining(TELLING))
  })
})
