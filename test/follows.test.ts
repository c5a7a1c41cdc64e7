import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startApp, type TestApp } from './support/app.ts'
import { testHeavy } from './support/heavy.ts'
import { anonymous, as, type SeededUser, seedInto } from './support/seed.ts'

const NOBODY = '019ab0c2-7d5e-7c41-9a57-3d1f0c8b2e60'

describe('follows', () => {
  let app: TestApp
  let seed: ReturnType<typeof seedInto>

  beforeAll(async () => {
    app = await startApp()
    seed = seedInto(app)
  })
  afterAll(() => app.close())

  const follow = (who: SeededUser, whom: Pick<SeededUser, 'user_id'>) =>
    as(app, who).put(`/users/${whom.user_id}/follow`)
  const unfollow = (who: SeededUser, whom: Pick<SeededUser, 'user_id'>) =>
    as(app, who).delete(`/users/${whom.user_id}/follow`)

  const seen = async (viewer: SeededUser | null, user: Pick<SeededUser, 'user_id'>) => {
    const calls = viewer ? as(app, viewer) : anonymous(app)
    return (await calls.get(`/users/${user.user_id}`).expect(200)).body.user
  }

  const listed = async (
    viewer: SeededUser | null,
    user: SeededUser,
    list: 'followers' | 'following',
    limit = 2,
  ) => {
    const calls = viewer ? as(app, viewer) : anonymous(app)
    const users: { user_id: string; viewer?: object }[] = []
    let cursor: string | undefined
    do {
      const query = { limit, ...(cursor && { cursor }) }
      const { body } = await calls.get(`/users/${user.user_id}/${list}`).query(query).expect(200)
      users.push(...body.users)
      cursor = body.next_cursor ?? undefined
    } while (cursor)
    return users
  }

  test('count on both sides, once, and are seen at once', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    await follow(ann, bob).expect(204)
    await follow(ann, bob).expect(204)
    expect(await seen(ann, bob)).toMatchObject({
      followers_count: 1,
      following_count: 0,
      viewer: { following: true, followed_by: false },
    })
    expect(await seen(bob, ann)).toMatchObject({
      followers_count: 0,
      following_count: 1,
      viewer: { following: false, followed_by: true },
    })
    expect(await seen(null, bob)).not.toHaveProperty('viewer')

    await follow(bob, ann).expect(204)
    expect((await seen(ann, bob)).viewer).toEqual({ following: true, followed_by: true })
    await unfollow(ann, bob).expect(204)
    await unfollow(ann, bob).expect(204)
    expect(await seen(ann, bob)).toMatchObject({
      followers_count: 0,
      following_count: 1,
      viewer: { following: false, followed_by: true },
    })
  })

  test('are listed newest first, page by page, with how the viewer stands to each', async () => {
    const [ann, ...others] = await seed.users('ann', 'b', 'c', 'd', 'e', 'f')
    for (const other of others) await follow(other, ann).expect(204)
    for (const other of others.slice(0, 3)) await follow(ann, other).expect(204)
    const ids = others.map(other => other.user_id)

    const followers = await listed(ann, ann, 'followers')
    expect(followers.map(user => user.user_id)).toEqual([...ids].reverse())
    expect(followers.map(user => user.viewer)).toEqual(
      [false, false, true, true, true].map(following => ({ following, followed_by: true })),
    )
    expect((await listed(null, ann, 'following')).map(user => user.user_id)).toEqual(
      ids.slice(0, 3).reverse(),
    )
    // Exactly what fits: there is no further page.
    const { body } = await anonymous(app).get(`/users/${ann.user_id}/following?limit=3`).expect(200)
    expect(body.next_cursor).toBeNull()

    // Whoever follows anew comes first.
    const [first] = others
    if (!first) throw new Error('there are others')
    await unfollow(first, ann).expect(204)
    expect(await listed(null, ann, 'followers')).toHaveLength(4)
    await follow(first, ann).expect(204)
    expect((await listed(null, ann, 'followers')).at(0)?.user_id).toBe(first.user_id)
  })

  test('that cannot be are refused', async () => {
    const [ann] = await seed.users('ann')
    const { body } = await follow(ann, ann).expect(422)
    expect(body.code).toBe('cannot_follow_self')
    await unfollow(ann, ann).expect(204)
    for (const user_id of [NOBODY, 'bob']) {
      await follow(ann, { user_id }).expect(404)
      await unfollow(ann, { user_id }).expect(404)
      await anonymous(app).get(`/users/${user_id}/followers`).expect(404)
      await anonymous(app).get(`/users/${user_id}/following`).expect(404)
    }
    await anonymous(app).put(`/users/${ann.user_id}/follow`).expect(401)
    await anonymous(app).delete(`/users/${ann.user_id}/follow`).expect(401)
    expect(await seen(null, ann)).toMatchObject({ followers_count: 0, following_count: 0 })
  })

  testHeavy(
    'of one person by thirty at once, again and again: what is counted is what is there',
    async () => {
      const names = Array.from({ length: 30 }, (_, at) => `fan${at}`)
      const [star, ...fans] = await seed.users('star', ...names)
      const statuses: number[] = []
      const restless = async (fan: SeededUser, at: number) => {
        for (let round = 0; round < 4; round++) {
          const calls = [follow(fan, star), follow(fan, star), unfollow(fan, star)]
          statuses.push(...(await Promise.all(calls)).map(reply => reply.status))
        }
        statuses.push((await (at % 2 === 0 ? follow : unfollow)(fan, star)).status)
      }
      await Promise.all(fans.map(restless))
      expect(statuses.filter(status => status !== 204)).toEqual([])
      expect((await seen(null, star)).followers_count).toBe(15)
      expect(await listed(null, star, 'followers', 100)).toHaveLength(15)
      const counted = await Promise.all(fans.map(async fan => (await seen(null, fan)).following_count))
      expect(counted).toEqual(fans.map((_, at) => (at % 2 === 0 ? 1 : 0)))
    },
  )

  test('are seen at once on another instance', async () => {
    const [ann, bob] = await seed.users('ann', 'bob')
    const other = await startApp(app.env)
    try {
      for (let round = 0; round < 3; round++) {
        await follow(ann, bob).expect(204)
        const { body } = await as(other, ann).get(`/users/${bob.user_id}`).expect(200)
        expect(body.user).toMatchObject({ followers_count: 1, viewer: { following: true } })
        await as(other, ann).delete(`/users/${bob.user_id}/follow`).expect(204)
        expect(await seen(ann, bob)).toMatchObject({ followers_count: 0, viewer: { following: false } })
      }
    } finally {
      await other.close()
    }
  })
})
