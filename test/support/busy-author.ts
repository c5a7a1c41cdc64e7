import type { TestApp } from './app.ts'
import { evict } from './evict.ts'
import { anonymous, as, type SeededPost, type SeededUser } from './seed.ts'
import { until } from './until.ts'

/** Somebody who writes, reads what they wrote and deletes it, again and again, and notes every false answer. */
export const busyAuthor = (app: TestApp, author: SeededUser) => {
  const calls = as(app, author)
  const faults: string[] = []
  const state = { rounds: 0, stopped: false }

  const check = (what: string, holds: boolean, seen: unknown) => {
    if (!holds) faults.push(`round ${state.rounds}: ${what}: ${JSON.stringify(seen)}`)
  }

  /** Has the cache filled with what is about to be changed; with Redis away there is nothing to fill. */
  const warmUp = async (post: SeededPost) => {
    const keys = [`post:${post.post_id}`, `user:${author.user_id}`]
    if (app.context.cache.status() === 'ok') await evict(app, ...keys).catch(() => {})
    await anonymous(app).get(`/posts/${post.post_id}`)
    await calls.get('/users/profile')
  }

  const round = async (post: SeededPost, words: string) => {
    const url = `/posts/${post.post_id}`
    await warmUp(post)
    const changed = await calls.patch(url).send({ content: words })
    check('change', changed.status === 200, changed.body)
    const read = await calls.get(url)
    check('read after a change', read.body.post?.content === words, read.body)
    const named = await calls.patch('/users/profile').send({ name: words })
    check('rename', named.status === 200, named.body)
    const profile = await calls.get('/users/profile')
    check('read after a rename', profile.body.user?.name === words, profile.body)
    const list = await anonymous(app).get(`/users/${author.user_id}/posts?limit=1`)
    check('list after both', list.body.posts?.[0]?.author.name === words, list.body)
  }

  const work = async () => {
    while (!state.stopped) {
      const written = await calls.post('/posts').send({ content: 'new' })
      check('write', written.status === 201, written.body)
      if (written.status === 201) {
        await round(written.body.post, `round ${state.rounds}`)
        await warmUp(written.body.post)
        const gone = await calls.delete(`/posts/${written.body.post.post_id}`)
        check('delete', gone.status === 204, gone.body)
        const read = await anonymous(app).get(`/posts/${written.body.post.post_id}`)
        check('read after a deletion', read.status === 404, read.body)
      }
      state.rounds++
    }
  }

  const done = work()
  return {
    faults,
    /** Waits for so many more rounds. */
    async go(rounds: number) {
      const target = state.rounds + rounds
      await until(
        () => state.rounds,
        seen => seen >= target,
        20_000,
      )
    },
    async stop() {
      state.stopped = true
      await done
    },
  }
}
