import { randomBytes } from 'node:crypto'
import type { TestApp } from './app.ts'
import { comment } from './comments.ts'
import { exchange } from './exchange.ts'
import { mailbox } from './mailbox.ts'
import { PART } from './openapi-arbitrary.ts'
import { anonymous, as, login, type SeededUser, seedInto } from './seed.ts'
import { PICTURE, seedFile } from './seed-file.ts'
import { until } from './until.ts'

/** Things that an operation can be about, by the names that the paths have for them. */
export type Things = Record<string, string>

export interface Victim extends SeededUser {
  /** Stands in everything that is nobody else's business. */
  canary: string
}

/** Asks for an account, and gives the token of the link that was mailed. */
export const signedUp = async (app: TestApp, email: string, password: string): Promise<string> => {
  await anonymous(app).post('/auth/register').send({ email, password, name: 'Victim' }).expect(202)
  return (await mailbox(email, app).open()).token
}

/** Somebody whose address and password nobody else may see. Their name is public. */
export const createVictim = async (app: TestApp): Promise<Victim> => {
  const canary = `canary${randomBytes(8).toString('hex')}`
  const [email, password] = [`${canary}@example.com`, `the password ${canary}`]
  const confirming = await signedUp(app, email, password)
  await anonymous(app).post('/auth/email/verify').send({ token: confirming }).expect(204)
  const { user, ...tokens } = await login(app, { email, password })
  return { ...tokens, user_id: String(user.user_id), email, password, name: 'Victim', canary }
}

const uploadOf = async (app: TestApp, owner: Victim) => {
  const about = { file_name: `${owner.canary}.txt`, file_type: 'text/plain', file_size: PART.length }
  const { body } = await as(app, owner).post('/files/uploads').send(about).expect(201)
  await as(app, owner).put(`/files/uploads/${body.upload_id}/parts/1`).send(PART).expect(200)
  return String(body.upload_id)
}

/** A session that tells of the device from which it was opened. */
const sessionOf = async (app: TestApp, { email, password, canary }: Victim) => {
  const { text } = await exchange(app.url, {
    method: 'POST',
    path: '/auth/login',
    headers: { 'Content-Type': 'application/json', 'User-Agent': `Phone of ${canary}` },
    body: JSON.stringify({ email, password }),
  })
  const { body } = await as(app, JSON.parse(text)).get('/auth/sessions').expect(200)
  return String(body.sessions.find(({ current }: { current: boolean }) => current).session_id)
}

/** A picture, with its thumbnail. */
const fileOf = async (app: TestApp, owner: Victim, words: string, is_public: boolean) => {
  const bytes = Buffer.concat([PICTURE, Buffer.from(words)])
  const { file_id } = await seedFile(app, owner, {
    bytes,
    name: `${words}.png`,
    type: 'image/png',
    is_public,
  })
  await until(
    async () => (await as(app, owner).get(`/files/${file_id}`)).body.file.thumbnail,
    state => state === 'ready',
  )
  return file_id
}

/** What of a victim's an operation can be about: made anew, hidden from everybody else or shown to them. */
export const thingsOf = async (
  app: TestApp,
  owner: Victim,
  template: string,
  visible: 'hidden' | 'shown',
): Promise<Things> => {
  const is_public = visible === 'shown'
  const words = is_public ? 'shown' : owner.canary
  const things: Things = { user_id: owner.user_id, part_number: '1' }
  if (template.includes('{post_id}')) {
    const post = await seedInto(app).post(owner, { content: words, tags: [words], is_public })
    const said = await comment(app, owner, post, words)
    Object.assign(things, { post_id: post.post_id, comment_id: said.comment_id })
  }
  if (template.includes('{file_id}')) things.file_id = await fileOf(app, owner, words, is_public)
  if (template.includes('{upload_id}')) things.upload_id = await uploadOf(app, owner)
  if (template.includes('{session_id}')) things.session_id = await sessionOf(app, owner)
  return things
}
