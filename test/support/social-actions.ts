import type { TestApp } from './app.ts'
import { as, type SeededPost, type SeededUser } from './seed.ts'

/** What many clients do things to at once. It changes while they do. */
export interface SocialWorld {
  users: SeededUser[]
  posts: SeededPost[]
  /** The last known comments, each with its author. */
  comments: { url: string; post_id: string; comment_id: string; author: SeededUser }[]
}

/** One thing that a client does, with numbers that choose to what. */
export type SocialAction = (
  app: TestApp,
  world: SocialWorld,
  who: SeededUser,
  pick: number,
) => Promise<{ status: number; text: string }>

const MOST_COMMENTS = 60

/** One of a list, which must not be empty. */
export const at = <T>(list: readonly T[], pick: number): T => {
  const one = list[pick % list.length]
  if (one === undefined) throw new Error('there is nothing to choose from')
  return one
}

const say = async (
  app: TestApp,
  world: SocialWorld,
  author: SeededUser,
  post_id: string,
  parent_comment_id?: string,
) => {
  const reply = await as(app, author)
    .post(`/posts/${post_id}/comments`)
    .send({ content: 'x', parent_comment_id })
  if (reply.status === 201) {
    const { comment_id } = reply.body.comment
    const url = `/posts/${post_id}/comments/${comment_id}`
    world.comments.push({ url, post_id, comment_id, author })
    world.comments.splice(0, world.comments.length - MOST_COMMENTS)
  }
  return reply
}

/** Done to a comment that is there, or to the first post when there is none. */
const toComment =
  (act: (app: TestApp, who: SeededUser, one: SocialWorld['comments'][number]) => ReturnType<SocialAction>) =>
  async (app: TestApp, world: SocialWorld, who: SeededUser, pick: number) => {
    if (world.comments.length === 0) return say(app, world, who, at(world.posts, pick).post_id)
    return act(app, who, at(world.comments, pick))
  }

const react =
  (like_type: string): SocialAction =>
  async (app, { posts }, who, pick) =>
    as(app, who)
      .put(`/posts/${at(posts, pick).post_id}/like`)
      .send({ like_type })

const follow =
  (method: 'put' | 'delete'): SocialAction =>
  async (app, { users }, who, pick) =>
    as(app, who)[method](`/users/${at(users, pick).user_id}/follow`)

/** What clients may do that moves a count; each of them is as likely as the others. */
export const SOCIAL_ACTIONS: Record<string, SocialAction> = {
  like: react('like'),
  love: react('love'),
  angry: react('angry'),
  unlike: async (app, { posts }, who, pick) => as(app, who).delete(`/posts/${at(posts, pick).post_id}/like`),
  share: async (app, { posts }, who, pick) => as(app, who).put(`/posts/${at(posts, pick).post_id}/share`),
  unshare: async (app, { posts }, who, pick) =>
    as(app, who).delete(`/posts/${at(posts, pick).post_id}/share`),
  follow: follow('put'),
  unfollow: follow('delete'),
  comment: (app, world, who, pick) => say(app, world, who, at(world.posts, pick).post_id),
  reply: async (app, world, who, pick) => {
    if (world.comments.length === 0) return say(app, world, who, at(world.posts, pick).post_id)
    const { post_id, comment_id } = at(world.comments, pick)
    return say(app, world, who, post_id, comment_id)
  },
  edit: toComment(async (app, _who, { url, author }) => as(app, author).patch(url).send({ content: 'y' })),
  erase: toComment(async (app, _who, { url, author }) => as(app, author).delete(url)),
  likeComment: toComment(async (app, who, { url }) => as(app, who).put(`${url}/like`)),
  unlikeComment: toComment(async (app, who, { url }) => as(app, who).delete(`${url}/like`)),
}
