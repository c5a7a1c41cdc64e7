import fc from 'fast-check'
import type { TestApp } from './app.ts'
import { as, type SeededUser } from './seed.ts'
import { until } from './until.ts'

/** Something that one of the authors does, or the reader to one of them; `which` picks one of what there is. */
export type Step = {
  what: 'post' | 'hidden' | 'delete' | 'hide' | 'show' | 'follow' | 'unfollow'
  who: number
  which: number
}

/** Mostly posts, so that there is something to walk. */
export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      what: fc.oneof(
        { weight: 6, arbitrary: fc.constant('post' as const) },
        { weight: 3, arbitrary: fc.constant('follow' as const) },
        fc.constantFrom(
          'hidden' as const,
          'delete' as const,
          'hide' as const,
          'show' as const,
          'unfollow' as const,
        ),
      ),
      who: fc.nat(4),
      which: fc.nat(1000),
    }),
    { maxLength },
  )

interface ModelPost {
  post_id: string
  author: SeededUser
  is_public: boolean
}

/**
 * What the reader's feed must hold, beside the service: the steps are taken over HTTP and noted here. While a step is
 * on its way what it touches is neither surely there nor surely not.
 */
export const createHistory = async (app: TestApp, [reader, ...authors]: SeededUser[]) => {
  if (!reader) throw new Error('somebody has to read')
  const writers = [reader, ...authors]
  const posts = new Map<string, ModelPost>()
  const following = new Set<string>()
  /** Called with what a step is about to make visible or invisible, and again when it is done. */
  const watchers = new Set<() => void>()
  const uncertain = new Set<string>()

  const isVisible = (post: ModelPost) =>
    post.author === reader || (post.is_public && following.has(post.author.user_id))
  const visible = () =>
    [...posts.values()]
      .filter(isVisible)
      .map(post => post.post_id)
      .sort()
      .reverse()

  const during = async (ids: string[], work: () => Promise<void>) => {
    for (const id of ids) uncertain.add(id)
    for (const tell of watchers) tell()
    await work()
    for (const id of ids) uncertain.delete(id)
    for (const tell of watchers) tell()
  }

  /** Followers see what is published once it has been written out to them, moments later. */
  const writtenOut = async () => {
    await until(app.context.outbox.waiting, waiting => waiting === 0)
  }

  const write = async (author: SeededUser, is_public: boolean) => {
    const { body } = await as(app, author).post('/posts').send({ content: 'x', is_public }).expect(201)
    const { post_id } = body.post
    posts.set(post_id, { post_id, author, is_public })
    await during([post_id], writtenOut)
  }

  const show = (post: ModelPost, is_public: boolean) =>
    during([post.post_id], async () => {
      await as(app, post.author).patch(`/posts/${post.post_id}`).send({ is_public }).expect(200)
      post.is_public = is_public
      await writtenOut()
    })

  const remove = (post: ModelPost) =>
    during([post.post_id], async () => {
      await as(app, post.author).delete(`/posts/${post.post_id}`).expect(204)
      posts.delete(post.post_id)
    })

  const relate = (author: SeededUser, follows: boolean) => {
    const theirs = [...posts.values()].filter(post => post.author === author).map(post => post.post_id)
    return during(theirs, async () => {
      const calls = as(app, reader)
      const path = `/users/${author.user_id}/follow`
      await (follows ? calls.put(path) : calls.delete(path)).expect(204)
      if (follows) following.add(author.user_id)
      else following.delete(author.user_id)
    })
  }

  return {
    reader,
    visible,

    async take({ what, who, which }: Step) {
      const author = writers[who % writers.length] ?? reader
      const post = [...posts.values()][which % Math.max(1, posts.size)]
      if (what === 'post' || what === 'hidden') await write(author, what === 'post')
      else if (what === 'follow' || what === 'unfollow') {
        if (author !== reader) await relate(author, what === 'follow')
      } else if (post) await (what === 'delete' ? remove(post) : show(post, what === 'show'))
    },

    /** From now until it is called: the posts that were visible all the time, and those that never were. */
    watch() {
      const throughout = new Set(visible().filter(id => !uncertain.has(id)))
      const ever = new Set([...visible(), ...uncertain])
      const tell = () => {
        const now = new Set(visible())
        for (const id of throughout) if (!now.has(id) || uncertain.has(id)) throughout.delete(id)
        for (const id of [...now, ...uncertain]) ever.add(id)
      }
      watchers.add(tell)
      return () => {
        watchers.delete(tell)
        // A post that is on its way in may be seen before the model hears of it.
        const never = (id: string) => posts.has(id) && !ever.has(id)
        return { throughout: [...throughout], never }
      }
    },
  }
}
