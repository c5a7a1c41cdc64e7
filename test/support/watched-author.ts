import type { TestApp } from './app.ts'
import { exchange } from './exchange.ts'
import type { Heard } from './heard.ts'
import { createRegister, type Register } from './register.ts'
import type { SeededUser } from './seed.ts'
import { type Asking, type WatchedClient, watchedClient, words } from './watched-client.ts'

interface KnownPost {
  content: Register<string>
  /** `perhaps`: its deletion was asked for, and nobody has said that it is done. */
  state: 'there' | 'perhaps' | 'gone'
}

interface Listed {
  post_id: string
  content: string
}

/** One page holds them all. */
const MOST_POSTS = 60

/**
 * Somebody who writes, changes, reads, lists, deletes, renames and logs in, knows what may be read after all that was
 * answered so far, and holds every answer against it.
 */
export const watchedAuthor = (app: TestApp, user: SeededUser, heard: Heard): WatchedClient =>
  watchedClient(app, user, heard, asking => author(app, user, asking))

const author = (app: TestApp, user: SeededUser, { ask, check }: Asking) => {
  const posts = new Map<string, KnownPost>()
  /** Contents of posts that were begun and not acknowledged: they may turn up under some id. */
  const begun = new Set<string>()
  const name = createRegister(user.name)
  const there = () => [...posts].filter(([, { state }]) => state === 'there')

  const write = async () => {
    if (there().length >= MOST_POSTS) return
    const content = words()
    const reply = await ask('write', 'POST', '/posts', { content })
    if (!reply) return void begun.add(content)
    check('write', reply.status === 201 && reply.body.post.content === content, reply)
    posts.set(reply.body.post.post_id, { content: createRegister(content), state: 'there' })
  }

  const change = async () => {
    const [id, post] = there().at(-1) ?? []
    if (!id || !post) return
    const content = words()
    const reply = await ask('change', 'PATCH', `/posts/${id}`, { content })
    if (!reply) return post.content.perhaps(content)
    check('change', reply.status === 200 && reply.body.post.content === content, reply)
    post.content.written(content)
  }

  const read = async (id: string, post: KnownPost) => {
    const reply = await ask('read', 'GET', `/posts/${id}`)
    if (reply?.status === 404) {
      check('a post is gone', post.state !== 'there', id)
      post.state = 'gone'
    } else if (reply) {
      check('a post is back', post.state !== 'gone', reply)
      check('read', reply.status === 200 && post.content.read(reply.body.post.content), reply)
    }
  }
  const readNewest = async () => {
    const [id, post] = there().at(-1) ?? []
    if (id && post) await read(id, post)
  }
  const readRemoved = async () => {
    const [id, post] = [...posts].findLast(([, { state }]) => state !== 'there') ?? []
    if (id && post) await read(id, post)
  }

  const remove = async () => {
    const [id, post] = there().at(0) ?? []
    if (!id || !post) return
    const reply = await ask('remove', 'DELETE', `/posts/${id}`)
    check('remove', !reply || reply.status === 204, reply)
    post.state = reply ? 'gone' : 'perhaps'
  }

  const one = ({ post_id, content }: Listed, list: string) => {
    const known = posts.get(post_id)
    if (known) {
      check(`${list}: a post is back`, known.state !== 'gone', post_id)
      check(`${list}: a post`, known.content.read(content), { post_id, content })
    } else {
      check(`${list}: nobody wrote that`, begun.delete(content), { post_id, content })
      posts.set(post_id, { content: createRegister(content), state: 'there' })
    }
  }
  const listed = async (list: string) => {
    const reply = await ask('list', 'GET', `${list}?limit=100`)
    if (!reply) return
    check(list, reply.status === 200, reply)
    const rows: Listed[] = reply.body.posts
    for (const row of rows) one(row, list)
    const ids = new Set(rows.map(({ post_id }) => post_id))
    for (const [id, { content }] of there()) check(`${list}: lost`, ids.has(id), { id, content })
    return rows.length
  }
  const list = () => listed(`/users/${user.user_id}/posts`)

  const rename = async () => {
    const to = words()
    const reply = await ask('rename', 'PATCH', '/users/profile', { name: to })
    if (!reply) return name.perhaps(to)
    check('rename', reply.status === 200 && reply.body.user.name === to, reply)
    name.written(to)
  }
  const profile = async () => {
    const reply = await ask('profile', 'GET', '/users/profile')
    check('profile', !reply || (reply.status === 200 && name.read(reply.body.user.name)), reply)
    return reply?.body.user
  }

  const login = async () => {
    const { email, password } = user
    const reply = await ask('login', 'POST', '/auth/login', { email, password })
    check('login', !reply || (reply.status === 200 && reply.body.user.user_id === user.user_id), reply)
  }

  return {
    round: [
      ...[write, readNewest, change, readNewest, async () => void (await list()), rename],
      ...[async () => void (await profile()), write, remove, readRemoved, login, write],
      async () => void (await listed('/feed')),
    ],

    async settle() {
      const rows = await list()
      const self = await profile()
      check('the posts are counted', self?.posts_count === rows, { counted: self?.posts_count, rows })
      for (const [id, post] of posts) await read(id, post)
      const wrong = await exchange(app.url, { method: 'GET', path: '/users/profile' })
      check('a stranger stays one', wrong.status === 401, wrong)
    },
  }
}
