import { z } from 'zod'
import { type Row, rowsIn, type Tables } from './kill-rows.ts'
import { type Person, send, type World } from './kill-world.ts'

const Reply = z.record(z.string(), z.unknown())
const List = z.array(z.record(z.string(), z.unknown()))

const get = async (world: World, who: Person, path: string) => {
  const reply = await send(world, who, { method: 'GET', path })
  if (reply?.status !== 200) throw new Error(`${path}: ${reply?.status}`)
  return Reply.parse(JSON.parse(reply.text))
}

/** The ids of every page of a list. */
const walk = async (world: World, who: Person, path: string, key: string, id: string) => {
  const ids: string[] = []
  let cursor: unknown = null
  do {
    const query = new URLSearchParams({ limit: '100', ...(typeof cursor === 'string' && { cursor }) })
    const page = await get(world, who, `${path}${path.includes('?') ? '&' : '?'}${query}`)
    ids.push(...List.parse(page[key]).map(one => String(one[id])))
    cursor = page.next_cursor
  } while (cursor !== null)
  return ids
}

const newestFirst = (rows: readonly Row[], key: string, id: string) =>
  rows.toSorted((a, b) => (String(a[key]) < String(b[key]) ? 1 : -1)).map(row => String(row[id]))

/** What each list has to hold, as the rows say. */
const expectedLists = (tables: Tables, people: readonly Person[], who: Person) => {
  const posts = rowsIn(tables, 'Posts')
  const edges = rowsIn(tables, 'Follows')
  const listed = (list: string) => edges.filter(({ list_id }) => list_id === list)
  const followed = new Set(listed(`following#${who.user_id}`).map(({ user_id }) => user_id))
  const visible = (post: Row) => post.is_public === true || post.user_id === who.user_id
  const byId = new Map(posts.filter(visible).map(post => [String(post.post_id), post]))
  const inFeed = [...byId.values()].filter(({ user_id }) => user_id === who.user_id || followed.has(user_id))
  const reacted = rowsIn(tables, 'UserReactions').filter(({ user_id }) => user_id === who.user_id)
  const files = rowsIn(tables, 'FileMetadata').filter(({ user_id }) => user_id === who.user_id)
  const other = people[(people.indexOf(who) + 1) % people.length] ?? who
  const postsOf = ({ user_id }: Person) => [...byId.values()].filter(post => post.user_id === user_id)
  const tagged = [...byId.values()].filter(
    ({ tags, is_public }) => is_public && String(tags).includes('chess'),
  )
  return [
    ['/feed', 'posts', 'post_id', newestFirst(inFeed, 'post_id', 'post_id')],
    ...[who, other].map(
      one =>
        [
          `/users/${one.user_id}/posts`,
          'posts',
          'post_id',
          newestFirst(postsOf(one), 'post_id', 'post_id'),
        ] as const,
    ),
    ['/posts?tag=chess', 'posts', 'post_id', newestFirst(tagged, 'post_id', 'post_id')],
    [
      '/users/profile/likes',
      'posts',
      'post_id',
      newestFirst(reacted, 'reaction_id', 'post_id').filter(id => byId.has(id)),
    ],
    ['/files', 'files', 'file_id', newestFirst(files, 'file_id', 'file_id')],
    ...(['followers', 'following'] as const).map(
      list =>
        [
          `/users/${who.user_id}/${list}`,
          'users',
          'user_id',
          newestFirst(listed(`${list}#${who.user_id}`), 'follow_id', 'user_id'),
        ] as const,
    ),
  ] as const
}

const checkCounts = async (world: World, tables: Tables, who: Person) => {
  const [user] = rowsIn(tables, 'Users').filter(({ user_id }) => user_id === who.user_id)
  const self = Reply.parse((await get(world, who, '/users/profile')).user)
  for (const name of ['followers_count', 'following_count', 'posts_count'])
    if (self[name] !== user?.[name])
      world.faults.push(`${name} of ${who.email} is ${user?.[name]}, and is shown as ${self[name]}`)
  const rows = new Map(rowsIn(tables, 'Posts').map(post => [post.post_id, post]))
  for (const { id, author, views, thing } of world.posts) {
    const row = rows.get(id)
    if (author !== who || !row) continue
    const post = Reply.parse((await get(world, who, `/posts/${id}`)).post)
    const told = JSON.stringify([post.reactions, post.likes_count, post.shares_count, post.comments_count])
    const [like, love, laugh, angry] = [row.like_count, row.love_count, row.laugh_count, row.angry_count]
    const reactions = { like, love, laugh, angry }
    const kept = JSON.stringify([reactions, row.likes_count, row.shares_count, row.comments_count])
    if (told !== kept) world.faults.push(`counts of ${thing.name} are ${kept}, and are shown as ${told}`)
    const [recorded, seen] = [Number(row.views_count), Number(post.views_count)]
    if (recorded > seen || seen > views)
      world.faults.push(
        `${thing.name} was viewed ${views} times at most; recorded ${recorded}, shown ${seen}`,
      )
  }
}

/** Holds every list and every count that is shown against the rows. */
export const checkLists = async (world: World, tables: Tables) => {
  for (const who of world.people) {
    await checkCounts(world, tables, who)
    for (const [path, key, id, expected] of expectedLists(tables, world.people, who)) {
      const ids = await walk(world, who, path, key, id)
      if (ids.join() !== expected.join())
        world.faults.push(`${path} of ${who.email} shows ${ids.join()} and not ${expected.join()}`)
    }
  }
}
