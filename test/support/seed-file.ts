import type { TestApp } from './app.ts'
import { as, type SeededUser } from './seed.ts'

export interface SeededFile {
  file_id: string
  user_id: string
  [field: string]: unknown
}

/** A red picture of 2 × 2 pixels. */
export const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAE0lEQVQImWP4z8DwnwGM/zMwAAAf7gP9qS/A4gAAAABJRU5ErkJggg==',
  'base64',
)

/** Uploads a file as a form does: a small text, unless other bytes are given. */
export const seedFile = async (
  app: TestApp,
  owner: Pick<SeededUser, 'token'>,
  { bytes = Buffer.from('some text'), name = 'notes.txt', type = 'text/plain', is_public = false } = {},
): Promise<SeededFile> => {
  const { body } = await as(app, owner)
    .post('/files/upload')
    .field('is_public', String(is_public))
    .attach('file', bytes, { filename: name, contentType: type })
    .expect(201)
  return body.file
}
