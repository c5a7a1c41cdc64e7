import { seedFollowed } from '../../test/support/crowd.ts'
import { compare, type Round, ratioOf, type Side } from '../compare.ts'
import { figures, type Result } from '../result.ts'
import { client, opening, startBackends, startPlaza, tablesOf } from '../world.ts'

const PAGE = '/feed?limit=20'

/** #4 and #5: a page of the feed, held against one post, and of one who follows many against one who follows few. */
export const feed = async (): Promise<Result[]> => {
  await using closing = new AsyncDisposableStack()
  const opened = opening(closing)
  const backends = opened(await startBackends())
  const plaza = opened(await startPlaza(backends.env))
  const api = client(plaza.url)
  const dynamo = closing.adopt(tablesOf(backends.env), d => d.close())

  const [few, many] = [await api.user('few'), await api.user('many')]
  for (let at = 0; at < 10; at++) {
    const author = await api.user(`author${at}`)
    await api.call('PUT', `/users/${author.user_id}/follow`, few.token)
    for (let n = 0; n < 3; n++) await api.post(author.token)
  }
  await seedFollowed(dynamo, many.user_id, 1000, 1000)
  const { token } = few
  const path = `/posts/${await api.post(token)}`
  for (const reader of [few, many]) {
    const { body } = await api.call('GET', PAGE, reader.token)
    if ((body.posts as unknown[]).length !== 20) throw new Error('a page has 20 posts')
  }

  const side = (name: string, url: string, bearer: string): Side => ({
    name,
    server: plaza,
    target: { url: plaza.url + url, headers: { authorization: `Bearer ${bearer}` } },
  })
  const sides = [
    side('a post', path, token),
    side('a page, 10 authors', PAGE, token),
    side('a page, 1,000 authors', PAGE, many.token),
  ]
  const rounds = await compare(sides)
  const [post = [], ofFew = [], ofMany = []] = rounds
  const of = (key: 'perSecond' | 'p50', all: readonly Round[]) => all.map(round => round[key])
  return [
    {
      id: 4,
      what: 'feed page of 20, warm, with authors, counts and own state (req/s)',
      against: 'GET of one post',
      ratio: ratioOf(of('perSecond', ofFew), of('perSecond', post)),
      target: { at: 'least', ratio: 0.5 },
      notes: [figures('a page', ofFew), figures('a post', post)],
    },
    {
      id: 5,
      what: 'feed page of a reader of 1,000 authors (p50)',
      against: 'of a reader of 10',
      ratio: ratioOf(of('p50', ofMany), of('p50', ofFew)),
      target: { at: 'most', ratio: 1.2 },
      notes: [figures('1,000 authors', ofMany), figures('10 authors', ofFew)],
    },
  ]
}
