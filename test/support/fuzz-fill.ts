import { z } from 'zod'
import type { Sent } from './exchange.ts'
import type { Links } from './fuzz-links.ts'
import { at, type Pool } from './fuzz-pool.ts'
import type { Call } from './openapi-arbitrary.ts'
import type { Described } from './openapi-checker.ts'
import { parsed } from './parsed.ts'
import type { SeededUser } from './seed.ts'

interface Owned {
  user_id: string
}
export type Post = Owned & { post_id: string }
export type Comment = Post & { comment_id: string }
export type File = Owned & { file_id: string }
export type Upload = Owned & { upload_id: string }
export type Session = Owned & { session_id: string }

/** What requests can be about at a moment. */
interface Things {
  accounts: readonly [SeededUser, ...SeededUser[]]
  /** As they were when they were put out: sessions that have ended, and accounts that are suspended. */
  outcasts: readonly SeededUser[]
  posts: Pool<Post>
  comments: Pool<Comment>
  files: Pool<File>
  uploads: Pool<Upload>
  sessions: Pool<Session>
  cursors: readonly string[]
}

const Fields = z.record(z.string(), z.unknown())

/** Nothing has it. */
const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'

/** Fills in what a call leaves open. */
export const createFiller = (things: Things, links: Pick<Links, 'tokenFor'>) => {
  const { accounts, outcasts, posts, comments, files, uploads, sessions, cursors } = things

  const poolOf = (template: string) => {
    if (template.includes('{comment_id}')) return comments
    if (template.includes('{file_id}')) return files
    if (template.includes('{session_id}')) return sessions
    return template.includes('{upload_id}') ? uploads : posts
  }

  /** Three times in four the owner of what it is about, so that changes go through. */
  const accountFor = ({ pick, about }: Call, template: string): SeededUser => {
    const thing = poolOf(template).pick(pick, about === 'deleted')
    const owner = accounts.find(({ user_id }) => user_id === thing?.user_id)
    return (pick % 4 > 0 && owner) || (at(accounts, pick) ?? accounts[0])
  }

  const idFor = (name: string, { pick, about }: Call, template: string) => {
    const deleted = about === 'deleted'
    // One is replied to where it is.
    const ofComment = template.includes('/comments')
    const ids: Record<string, string | undefined> = {
      // What hung on a post is gone with it.
      post_id: (ofComment && pick % 6 > 0 ? comments : posts).pick(pick, deleted)?.post_id,
      comment_id: comments.pick(pick, deleted)?.comment_id,
      file_id: files.pick(pick, deleted)?.file_id,
      upload_id: uploads.pick(pick, deleted)?.upload_id,
      part_number: '1',
      user_id: at(about === 'outcast' && outcasts.length > 0 ? outcasts : accounts, pick)?.user_id,
      session_id: sessions.pick(pick, deleted)?.session_id,
    }
    return ids[name] ?? NOBODY
  }

  /** With what is really there in the place of what is made up. */
  const withOwn = (call: Call, account: SeededUser, { method, template }: Described) => {
    const { body, pick, about, clean } = call
    const fields = Fields.safeParse(parsed(body ?? ''))
    if (!fields.success) return body
    const { email, password, refresh_token } = account
    const mailed = links.tokenFor(template, pick)
    const own: Record<string, string | undefined> = template.startsWith('/auth/')
      ? {
          email,
          // At a reset it is the new one.
          ...(mailed === undefined && { password }),
          ...{ refresh_token, current_password: password, token: mailed },
        }
      : {}
    const known = Object.entries(fields.data).map(([name, value]) => [name, own[name] ?? value])
    // Whether they can be named depends on more than the document tells.
    const posting = !clean && method === 'POST'
    const deleted = about === 'deleted'
    return JSON.stringify({
      ...Object.fromEntries(known),
      ...(posting && template === '/posts' && { file_ids: [files.pick(pick, deleted)?.file_id] }),
      ...(posting &&
        template.endsWith('/comments') && { parent_comment_id: comments.pick(pick, deleted)?.comment_id }),
    })
  }

  const fill = (call: Call, account: SeededUser, operation: Described): Sent => {
    const { method, template } = operation
    const query = call.query.map(([name, value]) => {
      const known =
        name === 'parent_comment_id' ? idFor('comment_id', call, template) : at(cursors, call.pick)
      return `${name}=${value ?? known ?? 'none'}`
    })
    const authorization = call.authorization === null ? `Bearer ${account.token}` : call.authorization
    const body = call.own ? withOwn(call, account, operation) : call.body
    return {
      method,
      path:
        template.replaceAll(
          /\{(\w+)\}/g,
          (_, name: string) => call.params[name] ?? idFor(name, call, template),
        ) + (query.length > 0 ? `?${query.join('&')}` : ''),
      headers: { ...call.headers, ...(authorization !== undefined && { Authorization: authorization }) },
      ...(body !== undefined && { body }),
    }
  }

  return { accountFor, fill }
}
