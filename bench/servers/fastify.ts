/** The same route on Fastify, with its helmet, its JWT plugin, its logger and a Redis GET. */
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import { createClient } from 'redis'

const { REDIS_URL = '', JWT_SECRET = '' } = process.env
const redis = createClient({ url: REDIS_URL })
await redis.connect()

const app = Fastify({ logger: true })
await app.register(helmet)
await app.register(jwt, { secret: JWT_SECRET })
app.get<{ Params: { id: string } }>(
  '/posts/:id',
  { preHandler: request => request.jwtVerify() },
  async ({ params }, reply) => {
    const post = await redis.get(`bench:${params.id}`)
    return post ? JSON.parse(post) : reply.code(404).send({ error: 'Not found' })
  },
)
const url = await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`{"url":"${url}"}\n`)
process.on('SIGTERM', () => process.exit(0))
