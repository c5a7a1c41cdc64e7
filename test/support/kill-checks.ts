import pLimit from 'p-limit'
import { fileValue } from './kill-files.ts'
import { logIn, profileValue } from './kill-people.ts'
import { postValue } from './kill-posts.ts'
import { type Row, rowsIn, type Tables } from './kill-rows.ts'
import { ABSENT, send, type Thing, type World } from './kill-world.ts'

const AT_ONCE = 16
const MOST_ENDED = 10

/** Everybody has a token that is good; what they see needs one. */
const logAllIn = async (world: World) => {
  for (const person of world.people) if (person.token === null) await logIn(world, person)
}

/** What a thing is shown to be, if it is shown; a failure is a fault. */
const shown = async (world: World, thing: Thing) => {
  try {
    return await thing.look()
  } catch (error) {
    world.faults.push(`${thing.name}: ${error instanceof Error ? error.message : error}`)
    return null
  }
}

const values = (may: ReadonlySet<string>) => [...may].map(value => value || 'absent').join(' or ')

/** Looks at what was written since the last look. It is not known yet which of the unanswered writes went through. */
export const checkTouched = async (world: World) => {
  await logAllIn(world)
  const limit = pLimit(AT_ONCE)
  const look = async (thing: Thing) => {
    const is = await shown(world, thing)
    if (is !== null && !thing.may.has(is))
      world.faults.push(`${thing.name} is shown as ${is || 'absent'}, and must be ${values(thing.may)}`)
  }
  await Promise.all([...world.touched].map(thing => limit(look, thing)))
  world.touched.clear()
  world.ended = world.ended.slice(-MOST_ENDED)
  for (const token of world.ended) {
    const headers = { Authorization: `Bearer ${token}` }
    const reply = await send(world, null, { method: 'GET', path: '/users/profile', headers })
    if (reply?.status !== 401) world.faults.push(`a session that was ended goes on: ${reply?.status}`)
  }
}

const firstWord = (text: unknown) => String(text).split(' ')[0] ?? ''
const strings = (list: unknown) => (Array.isArray(list) ? list.map(String) : [])

/** What the rows say of each thing, by its name, and the id of what has one. */
const storedThings = (tables: Tables) => {
  const found = new Map<string, { value: string; id: string }>()
  const twice: string[] = []
  const put = (table: string, of: (row: Row) => [name: string, value: string, id?: unknown]) => {
    for (const row of rowsIn(tables, table)) {
      const [name, value, id = ''] = of(row)
      if (found.has(name)) twice.push(`${name} is there twice`)
      if (value !== ABSENT) found.set(name, { value, id: String(id) })
    }
  }
  put('Users', ({ email, name, profile_info }) => [
    `profile ${email}`,
    profileValue(String(name), Object.fromEntries(Object.entries(profile_info ?? {}))),
  ])
  put('Credentials', ({ email_key }) => [`account ${email_key}`, 'there'])
  put('Posts', ({ post_id, content, tags, is_public }) => [
    firstWord(content),
    postValue({ content: String(content), tags: strings(tags), is_public: is_public === true }),
    post_id,
  ])
  put('Comments', ({ comment_id, content, deleted }) => [
    deleted ? `tombstone ${comment_id}` : firstWord(content),
    deleted ? ABSENT : String(content),
    comment_id,
  ])
  put('FileMetadata', ({ file_id, file_name, tags, is_public, status }) => [
    status === 'ready' ? (String(file_name).split('.')[0] ?? '') : `unfinished ${file_id}`,
    status === 'ready'
      ? fileValue({ file_name: String(file_name), tags: strings(tags), is_public: is_public === true })
      : ABSENT,
    file_id,
  ])
  put('Reactions', ({ user_id, post_id, like_type }) => [`like ${user_id} ${post_id}`, String(like_type)])
  put('Shares', ({ user_id, post_id }) => [`share ${user_id} ${post_id}`, 'shared'])
  put('CommentLikes', ({ post_id, comment_user }) => {
    const [comment, user] = String(comment_user).split('#')
    return [`likes ${user} ${post_id} ${comment}`, 'likes']
  })
  put('Follows', ({ list_id, user_id }) => {
    const [list, id] = String(list_id).split('#')
    return [`follow ${id} ${user_id}`, list === 'following' ? 'follows' : ABSENT]
  })
  return { found, twice }
}

/** Everything that is known, and what hangs on a post or on a comment with the id of that. */
const allThings = ({ people, posts, comments, files, relations }: World) => [
  ...people.map(({ profile }) => ({ thing: profile, on: null })),
  ...posts.map(({ thing }) => ({ thing, on: null })),
  ...comments.map(({ thing, post }) => ({ thing, on: post.id ?? 'gone' })),
  ...files.map(({ thing }) => ({ thing, on: null })),
  ...[...relations.values()].map(thing => {
    const [kind = '', , post = '', comment = post] = thing.name.split(' ')
    return { thing, on: ['like', 'share', 'likes'].includes(kind) ? comment : null }
  }),
]

/**
 * Holds everything that is known against the rows, and the rows against what is shown, when nothing is under way and
 * nothing left to be done. From then on it is known which of the unanswered writes went through.
 */
export const checkAll = async (world: World, tables: Tables) => {
  const { found, twice } = storedThings(tables)
  world.faults.push(...twice)
  for (const list of [world.posts, world.comments, world.files])
    for (const one of list) one.id = found.get(one.thing.name)?.id ?? null
  await logAllIn(world)

  const ids = new Set([...found.values()].map(({ id }) => id))
  const things = allThings(world).filter(({ on }) => on === null || ids.has(on))
  const names = new Set(things.map(({ thing }) => thing.name))
  // Whoever has a profile has an account, and that has been asked for.
  for (const name of found.keys())
    if (!names.has(name) && !name.startsWith('profile '))
      world.faults.push(`${name} is there, and nobody has asked for it`)

  const limit = pLimit(AT_ONCE)
  const look = async (thing: Thing) => {
    const stored = found.get(thing.name)?.value ?? ABSENT
    if (!thing.may.has(stored))
      world.faults.push(`${thing.name} is ${stored || 'absent'}, and must be ${values(thing.may)}`)
    const is = await shown(world, thing)
    if (is !== null && is !== stored)
      world.faults.push(`${thing.name} is ${stored || 'absent'}, and is shown as ${is || 'absent'}`)
    thing.may = new Set([stored])
  }
  await Promise.all(things.map(({ thing }) => limit(look, thing)))

  const isThere = ({ thing }: { thing: Thing }) => found.has(thing.name)
  world.posts = world.posts.filter(isThere)
  world.comments = world.comments.filter(isThere)
  world.files = world.files.filter(isThere)
  for (const name of world.relations.keys()) if (!found.has(name)) world.relations.delete(name)
  world.touched.clear()
}
