import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.ts'

/** The API with its types: `plaza.GET('/posts/{post_id}', { params: { path: { post_id } } })`. */
export type Plaza = Client<paths>

const isRecord = (body: unknown): body is Record<string, unknown> => typeof body === 'object' && body !== null

/** A body with a file in it travels as a form, with lists as JSON; bytes as they are; everything else as JSON. */
const serialize = (body: unknown) => {
  if (body instanceof Blob) return body
  if (!isRecord(body) || !Object.values(body).some(value => value instanceof Blob))
    return JSON.stringify(body)
  const form = new FormData()
  for (const [name, value] of Object.entries(body)) {
    if (value instanceof Blob) form.set(name, value)
    else if (value !== undefined) form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return form
}

/**
 * A typed client of a Plaza, which needs nothing but `fetch`: it works in browsers as well as in Node.
 * @param baseUrl such as `https://plaza.example.com`
 * @param token the access token of who calls; left out, nobody's
 */
export const createPlaza = (baseUrl: string, token?: string): Plaza =>
  createClient<paths>({
    baseUrl,
    bodySerializer: serialize,
    ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
  })
