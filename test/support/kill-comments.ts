import { z } from 'zod'
import type { Dice } from './dice.ts'
import { besides, somePost } from './kill-posts.ts'
import {
  ABSENT,
  json,
  type KnownComment,
  type KnownPost,
  ownGone,
  type Person,
  type Refusal,
  send,
  type World,
  write,
} from './kill-world.ts'

const Made = z.object({ comment: z.object({ comment_id: z.string() }) })
const Thread = z.object({
  comments: z.array(z.object({ comment_id: z.string(), content: z.string(), deleted: z.boolean() })),
  next_cursor: z.string().nullable(),
})

const pathOf = ({ post, id }: KnownComment) => `/posts/${post.id}/comments/${id}`

/** Its own level of the thread, until it is found. */
const find = async (world: World, { author, post, parent_id, id }: KnownComment) => {
  let cursor: string | null = ''
  while (cursor !== null) {
    const query = new URLSearchParams({
      limit: '100',
      ...(parent_id !== null && { parent_comment_id: parent_id }),
      ...(cursor !== '' && { cursor }),
    })
    const reply = await send(world, author, { method: 'GET', path: `/posts/${post.id}/comments?${query}` })
    if (reply?.status === 404 && !post.safe) return null
    if (reply?.status !== 200) throw new Error(`${reply?.status} for the comments of ${post.thing.name}`)
    const page = Thread.parse(JSON.parse(reply.text))
    const found = page.comments.find(({ comment_id }) => comment_id === id)
    if (found) return found.deleted ? ABSENT : found.content
    cursor = page.next_cursor
  }
  return ABSENT
}

const say = async (world: World, author: Person, post: KnownPost, parent: KnownComment | null) => {
  const name = `comment${++world.made}`
  const made: KnownComment = {
    ...{ author, post, parent_id: parent?.id ?? null, id: null },
    thing: {
      name,
      may: new Set([ABSENT]),
      look: async () => (made.id === null || post.id === null ? null : find(world, made)),
    },
  }
  world.comments.push(made)
  const body = { content: name, ...(parent && { parent_comment_id: parent.id }) }
  const parentMayBeGone = parent?.thing.may.has(ABSENT) ?? false
  const refused = (status: number): Refusal => {
    const orphaned = status === 422 && (parentMayBeGone || parent?.thing.may.has(ABSENT))
    return orphaned ? 'same' : besides(post)(status)
  }
  const sending = () => send(world, author, json('POST', `/posts/${post.id}/comments`, body))
  const reply = await write(world, made.thing, name, sending, refused)
  if (reply?.status === 201) made.id = Made.parse(JSON.parse(reply.text)).comment.comment_id
}

/** Of one's own comment: it, or the post that it is on, may be gone. */
const refusedOf =
  (comment: KnownComment) =>
  (status: number, before: ReadonlySet<string>): Refusal =>
    comment.post.safe ? ownGone(status, before) : besides(comment.post)(status)

const someComment = ({ comments }: World, dice: Dice, author?: Person) =>
  dice.pick(
    comments.filter(
      ({ id, post, author: by }) =>
        id !== null && post.id !== null && (author === undefined || by === author),
    ),
  )

const comment = async (world: World, who: Person, dice: Dice) => {
  const post = somePost(world, dice)
  if (post) await say(world, who, post, null)
}

const reply = async (world: World, who: Person, dice: Dice) => {
  const parent = someComment(world, dice)
  if (parent) await say(world, who, parent.post, parent)
  else await comment(world, who, dice)
}

const rewrite = async (world: World, who: Person, dice: Dice) => {
  const one = someComment(world, dice, who)
  if (!one) return comment(world, who, dice)
  const content = `${one.thing.name} in its version ${++world.made}`
  await write(
    world,
    one.thing,
    content,
    () => send(world, who, json('PATCH', pathOf(one), { content })),
    refusedOf(one),
  )
}

const erase = async (world: World, who: Person, dice: Dice) => {
  const one = someComment(world, dice, who)
  if (!one) return
  const path = pathOf(one)
  const sending = () => send(world, who, { method: 'DELETE', path })
  const answer = await write(world, one.thing, ABSENT, sending, refusedOf(one))
  if (answer?.status === 204) one.id = null
}

/** Nothing shows who likes a comment: the row is looked at, with all the others. */
const likeComment = async (world: World, who: Person, dice: Dice) => {
  const one = someComment(world, dice)
  if (!one) return
  const name = `likes ${who.user_id} ${one.post.id} ${one.id}`
  const thing = world.relations.get(name) ?? { name, may: new Set([ABSENT]), look: async () => null }
  world.relations.set(name, thing)
  const likes = dice.below(3) > 0
  const mayBeGone = one.thing.may.has(ABSENT)
  const refused = (status: number): Refusal =>
    status === 404 && (mayBeGone || one.thing.may.has(ABSENT)) ? 'either' : besides(one.post)(status)
  const sent = { method: likes ? 'PUT' : 'DELETE', path: `${pathOf(one)}/like` }
  await write(world, thing, likes ? 'likes' : ABSENT, () => send(world, who, sent), refused)
}

type CommentAction = (world: World, who: Person, dice: Dice) => Promise<unknown>

export const COMMENT_ACTIONS: Record<string, CommentAction> = { comment, reply, rewrite, erase, likeComment }
