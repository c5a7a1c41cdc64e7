import { z } from 'zod'
import type { Dice } from './dice.ts'
import {
  ABSENT,
  json,
  type KnownPost,
  ownGone,
  type Person,
  type Refusal,
  send,
  type Thing,
  type World,
  write,
} from './kill-world.ts'

const TAGS = ['alps', 'beach', 'chess', 'dogs']
const TYPES = ['like', 'love', 'laugh', 'angry']

const ShownPost = z.object({
  post: z.object({
    post_id: z.string(),
    content: z.string(),
    tags: z.array(z.string()),
    is_public: z.boolean(),
    viewer: z.object({ like_type: z.string().nullable(), shared: z.boolean() }).optional(),
  }),
})
const ShownUser = z.object({ user: z.object({ viewer: z.object({ following: z.boolean() }) }) })

interface PostState {
  content: string
  tags: string[]
  is_public: boolean
}

export const postValue = ({ content, tags, is_public }: PostState) =>
  JSON.stringify([content, [...tags].sort(), is_public])

/** What others are refused because of a post that its author has asked to be hidden or deleted. */
export const besides =
  (post: KnownPost) =>
  (status: number): Refusal =>
    status === 404 && !post.safe ? 'either' : 'fault'

/** A post as somebody sees it; null when they do not. */
const see = async (world: World, who: Person, post: KnownPost) => {
  const reply = await send(world, who, { method: 'GET', path: `/posts/${post.id}` })
  if (reply?.status === 404) return null
  if (reply?.status !== 200) throw new Error(`${reply?.status} for ${post.thing.name}`)
  return ShownPost.parse(JSON.parse(reply.text)).post
}

const someState = (name: string, turn: number, dice: Dice): PostState => ({
  content: `${name} in its version ${turn}`,
  tags: TAGS.filter(() => dice.below(3) === 0),
  is_public: dice.below(6) > 0,
})

const post = async (world: World, author: Person, dice: Dice) => {
  const name = `post${++world.made}`
  const made: KnownPost = {
    ...{ author, id: null, safe: true, views: 0 },
    thing: {
      name,
      may: new Set([ABSENT]),
      look: async () => {
        if (made.id === null) return null
        const seen = await see(world, author, made)
        return seen ? postValue(seen) : ABSENT
      },
    },
  }
  const state = someState(name, world.made, dice)
  if (!state.is_public) made.safe = false
  world.posts.push(made)
  const sent = json('POST', '/posts', state)
  if (dice.below(2) === 0) sent.headers = { ...sent.headers, 'Idempotency-Key': name }
  const sending = () => send(world, author, sent)
  const reply = await write(world, made.thing, postValue(state), sending, () => 'fault')
  if (reply?.status === 201) made.id = ShownPost.parse(JSON.parse(reply.text)).post.post_id
}

/** One of those whose id is known. */
export const somePost = ({ posts }: World, dice: Dice, author?: Person) =>
  dice.pick(posts.filter(({ id, author: by }) => id !== null && (author === undefined || by === author)))

const edit = async (world: World, who: Person, dice: Dice) => {
  const one = somePost(world, dice, who)
  if (!one) return post(world, who, dice)
  const state = someState(one.thing.name, ++world.made, dice)
  if (!state.is_public) one.safe = false
  const sending = () => send(world, who, json('PATCH', `/posts/${one.id}`, state))
  await write(world, one.thing, postValue(state), sending, ownGone)
}

const remove = async (world: World, who: Person, dice: Dice) => {
  const one = somePost(world, dice, who)
  if (!one) return
  one.safe = false
  const sending = () => send(world, who, { method: 'DELETE', path: `/posts/${one.id}` })
  const reply = await write(world, one.thing, ABSENT, sending, ownGone)
  if (reply?.status === 204) one.id = null
}

/** What there is no more to than what it is, made when it is first spoken of. */
const relation = (world: World, name: string, look: Thing['look']) => {
  const known = world.relations.get(name) ?? { name, may: new Set([ABSENT]), look }
  world.relations.set(name, known)
  return known
}

/** Tells it apart from a like that is not there. */
const seenBy = async (world: World, who: Person, one: KnownPost) => {
  if (one.id === null) return null
  const seen = await see(world, who, one)
  if (seen === null && one.safe) throw new Error(`${one.thing.name} is not seen any more`)
  return seen?.viewer ?? null
}

const like = async (world: World, who: Person, dice: Dice) => {
  const one = somePost(world, dice)
  if (!one) return
  const { id } = one
  const thing = relation(world, `like ${who.user_id} ${id}`, async () => {
    const viewer = await seenBy(world, who, one)
    return viewer && (viewer.like_type ?? ABSENT)
  })
  const type = dice.pick([...TYPES, ABSENT, ABSENT]) ?? ABSENT
  const path = `/posts/${id}/like`
  const sent = type === ABSENT ? { method: 'DELETE', path } : json('PUT', path, { like_type: type })
  await write(world, thing, type, () => send(world, who, sent), besides(one))
}

const share = async (world: World, who: Person, dice: Dice) => {
  const one = somePost(world, dice)
  if (!one) return
  const { id } = one
  const thing = relation(world, `share ${who.user_id} ${id}`, async () => {
    const viewer = await seenBy(world, who, one)
    return viewer && (viewer.shared ? 'shared' : ABSENT)
  })
  const shared = dice.below(2) === 0
  const sent = { method: shared ? 'PUT' : 'DELETE', path: `/posts/${id}/share` }
  await write(world, thing, shared ? 'shared' : ABSENT, () => send(world, who, sent), besides(one))
}

const follow = async (world: World, who: Person, dice: Dice) => {
  const other = dice.pick(world.people.filter(person => person !== who))
  if (!other) return
  const path = `/users/${other.user_id}`
  const thing = relation(world, `follow ${who.user_id} ${other.user_id}`, async () => {
    const reply = await send(world, who, { method: 'GET', path })
    if (reply?.status !== 200) throw new Error(`${reply?.status} for ${path}`)
    return ShownUser.parse(JSON.parse(reply.text)).user.viewer.following ? 'follows' : ABSENT
  })
  const follows = dice.below(3) > 0
  const sending = () => send(world, who, { method: follows ? 'PUT' : 'DELETE', path: `${path}/follow` })
  await write(world, thing, follows ? 'follows' : ABSENT, sending, () => 'fault')
}

const view = async (world: World, who: Person, dice: Dice) => {
  const one = somePost(world, dice)
  if (!one) return
  one.views++
  await send(world, who, { method: 'POST', path: `/posts/${one.id}/views` })
}

/** So that there is something in the cache that a write has to drop. */
const read = async (world: World, who: Person, dice: Dice) => {
  const other = dice.pick(world.people)
  const one = somePost(world, dice)
  const paths = [
    '/feed',
    '/users/profile/likes',
    `/users/${other?.user_id}`,
    `/users/${other?.user_id}/posts`,
  ]
  const more = [
    `/posts?tag=${dice.pick(TAGS)}`,
    ...(one ? [`/posts/${one.id}`, `/posts/${one.id}/comments`] : []),
  ]
  for (const path of [...paths, ...more]) {
    const reply = await send(world, who, { method: 'GET', path })
    const fine = reply === null || reply.status === 200 || reply.status >= 500
    if (!fine && !(reply.status === 404 && one && !one.safe)) world.faults.push(`${path}: ${reply.status}`)
  }
}

type PostAction = (world: World, who: Person, dice: Dice) => Promise<unknown>

export const POST_ACTIONS: Record<string, PostAction> = {
  post,
  edit,
  remove,
  like,
  share,
  follow,
  view,
  read,
}
